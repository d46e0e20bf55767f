// Locks between processes.
#include <sys/wait.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "base/lock.h"
#include "support/temporary.h"

namespace
{

TEST(Lock, IsHeldByOneAndNamesItsHolder)
{
    test::TemporaryFolder folder;
    const std::string path = folder / "a.lock";
    file_lock *first = nullptr, *second = nullptr;
    text holder = {};
    ASSERT_EQ(file_lock_take(path.c_str(), nullptr, &first), SSLACT_OK);

    EXPECT_EQ(file_lock_take(path.c_str(), &holder, &second), SSLACT_ERROR_BUSY);
    EXPECT_EQ(second, nullptr);
    EXPECT_EQ(std::string(text_get(&holder)).find("process " + std::to_string(getpid()) + " on "),
              0u);
    text_free(&holder);

    file_lock_release(first);
    EXPECT_EQ(file_lock_take(path.c_str(), nullptr, &second), SSLACT_OK);
    file_lock_release(second);
    file_lock_release(nullptr);
}

TEST(Lock, OfAProcessThatIsGoneIsFree)
{
    test::TemporaryFolder folder;
    const std::string path = folder / "a.lock";
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
        file_lock *held = nullptr;
        _exit(file_lock_take(path.c_str(), nullptr, &held) == SSLACT_OK ? 0 : 1);
    }
    int how = 0;
    ASSERT_EQ(waitpid(child, &how, 0), child);
    ASSERT_TRUE(WIFEXITED(how) && WEXITSTATUS(how) == 0);
    file_lock *lock = nullptr;
    EXPECT_EQ(file_lock_take(path.c_str(), nullptr, &lock), SSLACT_OK);
    file_lock_release(lock);
}

TEST(Lock, NamesTheFileThatItCannotMake)
{
    test::TemporaryFolder folder;
    const std::string path = folder / "absent/a.lock";
    file_lock *lock = nullptr;
    EXPECT_EQ(file_lock_take(path.c_str(), nullptr, &lock), SSLACT_ERROR_NOT_FOUND);
    EXPECT_NE(std::string(sslact_error_get_message()).find(path), std::string::npos);
}

} // namespace
