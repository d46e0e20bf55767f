// Data sets that a program fills itself, by appending or by callbacks.
#include <atomic>
#include <cstring>
#include <thread>

#include "data_support.h"

namespace
{

using test::ClipHolder;
using test::DatasetHolder;

constexpr int CLASSES = 3;

// One grey frame of 2 x 2 whose pixels have one value, one person.
struct SmallClip {
    explicit SmallClip(uint8_t value, const uint8_t *labels_in = nullptr)
    {
        std::memset(pixels, value, sizeof pixels);
        SSLACT_INIT(clip);
        clip.pixels = pixels;
        clip.frame_count = 1;
        clip.height = 2;
        clip.width = 2;
        clip.boxes = &box;
        clip.box_count = 1;
        clip.labels = labels_in;
    }
    uint8_t pixels[12];
    sslact_box box = {0.25f, 0.25f, 0.75f, 0.75f};
    sslact_clip clip;
};

DatasetHolder make_memory_set(const char *const *names = nullptr)
{
    dataset *made = nullptr;
    EXPECT_EQ(dataset_create(CLASSES, names, &made), SSLACT_OK) << sslact_error_get_message();
    return DatasetHolder(made);
}

TEST(MemorySet, KnowsItsClasses)
{
    const char *const names[CLASSES] = {"stand", "walk", "wave"};
    const DatasetHolder named = make_memory_set(names), unnamed = make_memory_set();

    EXPECT_EQ(dataset_count_classes(named.get()), 3);
    EXPECT_STREQ(dataset_get_class_name(named.get(), 2), "wave");
    EXPECT_EQ(dataset_get_class_name(named.get(), 3), nullptr);
    EXPECT_EQ(dataset_get_class_name(named.get(), -1), nullptr);
    EXPECT_EQ(dataset_get_class_id(named.get(), 0), 1);
    EXPECT_STREQ(dataset_get_class_name(unnamed.get(), 0), "class 0");
}

TEST(MemorySet, RefusesImpossibleClasses)
{
    dataset *made = nullptr;
    EXPECT_EQ(dataset_create(0, nullptr, &made), SSLACT_ERROR_INVALID_ARGUMENT);
    EXPECT_STREQ(sslact_error_get_message(), "class_count is 0, accepted are 1 to 10000");
    const char *const names[2] = {"a", nullptr};
    EXPECT_EQ(dataset_create(2, names, &made), SSLACT_ERROR_INVALID_ARGUMENT);
    EXPECT_STREQ(sslact_error_get_message(), "class_names[1] is NULL");
    EXPECT_EQ(made, nullptr);
}

TEST(MemorySet, GivesBackCopiesOfWhatWasAppended)
{
    const uint8_t labels[CLASSES] = {1, 0, 1};
    const DatasetHolder set = make_memory_set();
    {
        SmallClip gone(7, labels);
        ASSERT_EQ(dataset_append(set.get(), &gone.clip), SSLACT_OK);
        gone.clip.name = "second";
        gone.clip.labels = nullptr;
        ASSERT_EQ(dataset_append(set.get(), &gone.clip), SSLACT_OK);
    }

    EXPECT_EQ(dataset_count_clips(set.get()), 2u);
    EXPECT_TRUE(dataset_is_labeled(set.get()));
    EXPECT_EQ(test::read_clip(set.get(), 0)->pixels[11], 7);
    EXPECT_EQ(test::read_clip(set.get(), 0)->labels[2], 1);
    EXPECT_EQ(test::read_clip(set.get(), 1)->labels, nullptr);
    EXPECT_EQ(test::list_labels(set.get()), (std::vector<std::string>{"101"}));
    EXPECT_EQ(test::list_clips(set.get()), (std::vector<std::string>{"clip 0@0", "second@1"}));
}

TEST(MemorySet, GivesItsOwnLabelsAsGroundTruth)
{
    const uint8_t labels[CLASSES] = {1, 0, 1};
    const DatasetHolder set = make_memory_set();
    SmallClip source(7);
    ASSERT_EQ(dataset_append(set.get(), &source.clip), SSLACT_OK);
    source.clip.labels = labels;
    ASSERT_EQ(dataset_append(set.get(), &source.clip), SSLACT_OK);
    truth_row *rows = nullptr;
    size_t count = 0;

    ASSERT_EQ(dataset_collect_truth(set.get(), &rows, &count), SSLACT_OK);

    ASSERT_EQ(count, 2u);
    EXPECT_EQ(rows[0].clip, 1u);
    EXPECT_EQ(rows[0].class_index, 0);
    EXPECT_EQ(rows[1].class_index, 2);
    EXPECT_EQ(rows[1].box.x1, 0.25f);
    EXPECT_EQ(rows[1].person, -1);
    free(rows);
}

TEST(MemorySet, NamesTheClipThatItRefuses)
{
    const DatasetHolder set = make_memory_set();
    SmallClip source(7);
    ASSERT_EQ(dataset_append(set.get(), &source.clip), SSLACT_OK);
    source.box.x2 = 0.2f;

    EXPECT_EQ(dataset_append(set.get(), &source.clip), SSLACT_ERROR_INVALID_ARGUMENT);

    EXPECT_STREQ(sslact_error_get_message(), "clip 1.boxes[0]: x2 0.2 is not greater than x1 0.25");
    EXPECT_EQ(dataset_count_clips(set.get()), 1u);
}

TEST(MemorySet, RefusesIndexesBehindTheLast)
{
    const DatasetHolder set = make_memory_set();
    clip *out = nullptr;
    const char *video = nullptr;
    double seconds = 0;

    EXPECT_EQ(dataset_read(set.get(), 0, &out), SSLACT_ERROR_INVALID_ARGUMENT);
    EXPECT_STREQ(sslact_error_get_message(), "clip 0 does not exist, the data set has 0");
    EXPECT_EQ(dataset_locate(set.get(), 0, &video, &seconds), SSLACT_ERROR_INVALID_ARGUMENT);
    EXPECT_TRUE(test::list_labels(set.get()).empty());
    EXPECT_FALSE(dataset_is_labeled(set.get()));
}

TEST(MemorySet, LivesUntilTheLastReferenceIsGone)
{
    dataset *made = nullptr;
    ASSERT_EQ(dataset_create(CLASSES, nullptr, &made), SSLACT_OK);
    dataset *second = dataset_retain(made);

    dataset_release(made);

    EXPECT_EQ(dataset_count_classes(second), CLASSES);
    dataset_release(second);
    dataset_release(nullptr);
}

// --- callbacks ---

// Clip number i has pixels of value i; what happens is counted.
struct Program {
    sslact_clip_source source;
    std::vector<SmallClip> clips;
    uint8_t labels[CLASSES] = {0, 1, 0};
    std::atomic<int> reads{0}, releases{0}, destroyed{0}, inside{0}, together{0};
    std::atomic<int> answer{0}; // of the next reads
    bool slow = false;

    explicit Program(size_t count)
    {
        for (size_t i = 0; i < count; i++) {
            clips.emplace_back(static_cast<uint8_t>(i));
        }
        SSLACT_INIT(source);
        source.clip_count = count;
        source.class_count = CLASSES;
        source.read = read;
        source.release = release;
        source.destroy = [](void *user) { static_cast<Program *>(user)->destroyed++; };
        source.user = this;
    }
    static int read(size_t index, sslact_clip *out, void *user)
    {
        auto *self = static_cast<Program *>(user);
        self->reads++;
        const int now = ++self->inside;
        if (now > self->together) {
            self->together = now;
        }
        if (self->slow) {
            std::this_thread::sleep_for(std::chrono::milliseconds(5));
        }
        self->inside--;
        if (self->answer != 0) {
            return self->answer;
        }
        *out = self->clips[index].clip;
        out->boxes = &self->clips[index].box;
        out->pixels = self->clips[index].pixels;
        out->labels = index == 1 ? self->labels : nullptr;
        return 0;
    }
    static void release(size_t, sslact_clip *, void *user)
    {
        static_cast<Program *>(user)->releases++;
    }
    DatasetHolder open()
    {
        dataset *made = nullptr;
        EXPECT_EQ(dataset_create_from_source(&source, &made), SSLACT_OK);
        return DatasetHolder(made);
    }
};

TEST(CallbackSet, ReadsCopiesReleasesAndDestroys)
{
    Program program(3);
    {
        const DatasetHolder set = program.open();
        EXPECT_EQ(dataset_count_clips(set.get()), 3u);

        const ClipHolder read = test::read_clip(set.get(), 2);

        EXPECT_EQ(read->pixels[5], 2);
        EXPECT_STREQ(read->name, "clips[2]");
        EXPECT_EQ(program.reads, 1);
        EXPECT_EQ(program.releases, 1);
        EXPECT_EQ(program.destroyed, 0);
    }
    EXPECT_EQ(program.destroyed, 1);
}

TEST(CallbackSet, IsLabeledWhenOneClipIs)
{
    Program some(3), none(1);

    const DatasetHolder labeled = some.open(), unlabeled = none.open();

    EXPECT_TRUE(dataset_is_labeled(labeled.get()));
    EXPECT_FALSE(dataset_is_labeled(unlabeled.get()));
    EXPECT_FALSE(dataset_is_labeled(unlabeled.get()));
    EXPECT_EQ(none.reads, 1) << "the answer is kept";
}

TEST(CallbackSet, CollectsLabelsReadingEachClipOnce)
{
    Program program(3);
    const DatasetHolder set = program.open();

    EXPECT_EQ(test::list_labels(set.get()), (std::vector<std::string>{"010"}));

    EXPECT_EQ(program.reads, 3);
    EXPECT_EQ(program.releases, 3);
}

TEST(CallbackSet, PassesOnTheStatusOfTheProgram)
{
    Program program(3);
    const DatasetHolder set = program.open();
    clip *out = nullptr;

    program.answer = SSLACT_ERROR_DECODE;
    EXPECT_EQ(dataset_read(set.get(), 1, &out), SSLACT_ERROR_DECODE);
    EXPECT_STREQ(sslact_error_get_message(),
                 "clips[1]: the program's read callback returned SSLACT_ERROR_DECODE");
    program.answer = 5;
    EXPECT_EQ(dataset_read(set.get(), 1, &out), SSLACT_ERROR_INTERNAL);
    program.answer = -1234;
    EXPECT_EQ(dataset_read(set.get(), 1, &out), SSLACT_ERROR_INTERNAL);
    EXPECT_STREQ(sslact_error_get_message(), "clips[1]: the program's read callback returned "
                                             "-1234, expected 0 or a status");

    EXPECT_EQ(out, nullptr);
    EXPECT_EQ(program.releases, 0) << "what was not read is not released";
}

TEST(CallbackSet, ReleasesAClipThatItRefuses)
{
    Program program(2);
    program.clips[1].box.y2 = 0;
    const DatasetHolder set = program.open();
    clip *out = nullptr;

    EXPECT_EQ(dataset_read(set.get(), 1, &out), SSLACT_ERROR_INVALID_ARGUMENT);

    EXPECT_STREQ(sslact_error_get_message(), "clips[1].boxes[0]: y2 0 is not greater than y1 0.25");
    EXPECT_EQ(program.releases, 1);
}

void read_from_threads(dataset *set)
{
    std::vector<std::thread> threads;
    for (int n = 0; n < 4; n++) {
        threads.emplace_back([set, n] {
            for (size_t i = 0; i < 5; i++) {
                const size_t index = (i + static_cast<size_t>(n)) % 3;
                EXPECT_EQ(test::read_clip(set, index)->pixels[0], index);
            }
        });
    }
    for (std::thread &thread : threads) {
        thread.join();
    }
}

TEST(CallbackSet, CallsAProgramThatIsNotConcurrentOneAtATime)
{
    Program program(3);
    program.slow = true;
    const DatasetHolder set = program.open();

    read_from_threads(set.get());

    EXPECT_EQ(program.together, 1);
    EXPECT_EQ(program.reads, 20);
}

TEST(CallbackSet, CallsAConcurrentProgramFromSeveralThreadsAtOnce)
{
    Program program(3);
    program.slow = true;
    program.source.concurrent = 1;
    const DatasetHolder set = program.open();

    read_from_threads(set.get());

    EXPECT_GT(program.together, 1);
}

TEST(CallbackSet, RefusesASourceWithoutReadAndTakesNothing)
{
    Program program(3);
    dataset *made = nullptr;

    program.source.read = nullptr;
    EXPECT_EQ(dataset_create_from_source(&program.source, &made), SSLACT_ERROR_INVALID_ARGUMENT);
    program.source.read = Program::read;
    program.source.class_count = -1;
    EXPECT_EQ(dataset_create_from_source(&program.source, &made), SSLACT_ERROR_INVALID_ARGUMENT);

    EXPECT_EQ(made, nullptr);
    EXPECT_EQ(program.destroyed, 0);
}

TEST(CallbackSet, CannotBeAppendedTo)
{
    Program program(1);
    const DatasetHolder set = program.open();

    EXPECT_EQ(dataset_append(set.get(), &program.clips[0].clip), SSLACT_ERROR_INVALID_ARGUMENT);
}

} // namespace
