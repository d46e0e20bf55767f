// The queue between threads.
#include "base/queue.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <thread>
#include <vector>

namespace
{

void *item(uintptr_t number)
{
    return reinterpret_cast<void *>(number);
}

TEST(Queue, IsFirstInFirstOut)
{
    queue *q = nullptr;
    ASSERT_EQ(queue_create(3, &q), SSLACT_OK);
    void *out = nullptr;

    for (uintptr_t round = 1; round < 10; round += 2) {
        ASSERT_TRUE(queue_push(q, item(round)));
        ASSERT_TRUE(queue_push(q, item(round + 1)));
        ASSERT_TRUE(queue_pop(q, &out));
        EXPECT_EQ(out, item(round));
        ASSERT_TRUE(queue_pop(q, &out));
        EXPECT_EQ(out, item(round + 1));
    }
    queue_free(q);
}

TEST(Queue, PushWaitsForRoom)
{
    queue *q = nullptr;
    ASSERT_EQ(queue_create(1, &q), SSLACT_OK);
    ASSERT_TRUE(queue_push(q, item(1)));
    std::atomic<bool> pushed{false};
    std::thread writer([&] {
        EXPECT_TRUE(queue_push(q, item(2)));
        pushed = true;
    });

    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    EXPECT_FALSE(pushed);
    void *out = nullptr;
    ASSERT_TRUE(queue_pop(q, &out));
    writer.join();
    EXPECT_TRUE(pushed);
    queue_free(q);
}

TEST(Queue, CloseWakesEverybodyAndKeepsWhatIsInside)
{
    queue *q = nullptr;
    ASSERT_EQ(queue_create(1, &q), SSLACT_OK);
    ASSERT_TRUE(queue_push(q, item(1)));
    std::thread writer([&] { EXPECT_FALSE(queue_push(q, item(2))); });
    std::this_thread::sleep_for(std::chrono::milliseconds(10));

    queue_close(q);
    writer.join();
    void *out = nullptr;
    EXPECT_TRUE(queue_pop(q, &out));
    EXPECT_EQ(out, item(1));
    EXPECT_FALSE(queue_pop(q, &out));
    EXPECT_FALSE(queue_push(q, item(3)));
    queue_free(q);
}

TEST(Queue, CloseWakesAReaderOfAnEmptyQueue)
{
    queue *q = nullptr;
    ASSERT_EQ(queue_create(4, &q), SSLACT_OK);
    std::thread reader([&] {
        void *out = nullptr;
        EXPECT_FALSE(queue_pop(q, &out));
    });
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
    queue_close(q);
    reader.join();
    queue_free(q);
}

TEST(Queue, ManyThreadsLoseAndRepeatNothing)
{
    constexpr uintptr_t each = 2000;
    queue *q = nullptr;
    ASSERT_EQ(queue_create(5, &q), SSLACT_OK);
    std::vector<std::atomic<int>> taken(4 * each + 1);
    std::vector<std::thread> writers, readers;
    for (uintptr_t w = 0; w < 4; w++) {
        writers.emplace_back([&, w] {
            for (uintptr_t k = 1; k <= each; k++) {
                EXPECT_TRUE(queue_push(q, item(w * each + k)));
            }
        });
        readers.emplace_back([&] {
            void *out = nullptr;
            while (queue_pop(q, &out)) {
                taken[reinterpret_cast<uintptr_t>(out)]++;
            }
        });
    }
    for (std::thread &writer : writers) {
        writer.join();
    }
    queue_close(q);
    for (std::thread &reader : readers) {
        reader.join();
    }
    for (uintptr_t k = 1; k <= 4 * each; k++) {
        ASSERT_EQ(taken[k], 1) << k;
    }
    queue_free(q);
    queue_free(nullptr);
}

} // namespace
