// Files and paths. The storage faults of the reliability document are made by standing in front of
// write, fsync, rename and close: this program's own functions of those names are called first.
#include "base/file.h"

#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <string>
#include <vector>

#include "support/temporary.h"

namespace
{

struct Shim {
    bool armed = false;
    int calls = 0;
    int exit_at = 0; // the process ends in this call
    int fail_at = 0; // this call fails with `code`
    int code = 0;
    bool stutter = false; // write: EINTR and one byte in turn
    std::vector<std::string> names;
};
Shim shim;

// True when this call has to fail; errno is set.
bool meet(const char *name)
{
    if (!shim.armed) {
        return false;
    }
    shim.calls++;
    shim.names.push_back(name);
    if (shim.calls == shim.exit_at) {
        _exit(7);
    }
    errno = shim.code;
    return shim.calls == shim.fail_at;
}

} // namespace

extern "C" ssize_t write(int fd, const void *data, size_t size)
{
    if (meet("write")) {
        return -1;
    }
    if (shim.armed && shim.stutter) {
        if (shim.calls % 2) {
            errno = EINTR;
            return -1;
        }
        size = 1;
    }
    return syscall(SYS_write, fd, data, size);
}

extern "C" int fsync(int fd)
{
    struct stat facts;
    const bool folder = fstat(fd, &facts) == 0 && S_ISDIR(facts.st_mode);
    return meet(folder ? "fsync folder" : "fsync file") ? -1
                                                        : static_cast<int>(syscall(SYS_fsync, fd));
}

extern "C" int rename(const char *from, const char *to)
{
    return meet("rename")
               ? -1
               : static_cast<int>(syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0));
}

extern "C" int close(int fd)
{
    const bool fails = meet("close");
    const int result = static_cast<int>(syscall(SYS_close, fd));
    return fails ? (errno = shim.code, -1) : result;
}

namespace
{

class File : public testing::Test
{
protected:
    ~File() override { shim = Shim(); }

    sslact_status write_armed(const std::string &path, const std::string &content)
    {
        shim.armed = true;
        const sslact_status status = file_write(path.c_str(), content.data(), content.size());
        shim.armed = false;
        return status;
    }
    std::string message() const { return sslact_error_get_message(); }

    test::TemporaryFolder folder_;
};

TEST_F(File, IsReadWholeWithANulBehindIt)
{
    const std::string content("a\0b\r\n", 5);
    test::put_file(folder_ / "x", content);
    char *data = nullptr;
    size_t size = 0;

    ASSERT_EQ(file_read((folder_ / "x").c_str(), 5, &data, &size), SSLACT_OK);

    EXPECT_EQ(std::string(data, size), content);
    EXPECT_EQ(data[size], '\0');
    free(data);
}

TEST_F(File, AnEmptyFileIsReadAsEmptyText)
{
    test::put_file(folder_ / "x", "");
    char *data = nullptr;
    size_t size = 9;
    ASSERT_EQ(file_read((folder_ / "x").c_str(), 0, &data, &size), SSLACT_OK);
    EXPECT_STREQ(data, "");
    EXPECT_EQ(size, 0u);
    free(data);
}

TEST_F(File, FilesThatHideTheirSizeAreReadToTheirEnd)
{
    char *data = nullptr;
    size_t size = 0;
    ASSERT_EQ(file_read("/proc/self/status", 1 << 20, &data, &size), SSLACT_OK);
    EXPECT_GT(size, 100u);
    free(data);
    data = nullptr;
    EXPECT_EQ(file_read("/proc/self/status", 50, &data, &size), SSLACT_ERROR_FORMAT);
    EXPECT_EQ(data, nullptr);
}

TEST_F(File, RefusesWhatIsTooLargeAbsentOrNoFile)
{
    test::put_file(folder_ / "x", "123456");
    ASSERT_EQ(mkfifo((folder_ / "pipe").c_str(), 0600), 0);
    char *data = nullptr;
    size_t size = 77;

    EXPECT_EQ(file_read((folder_ / "x").c_str(), 5, &data, &size), SSLACT_ERROR_FORMAT);
    EXPECT_EQ(message(), (folder_ / "x") + ": 6 bytes, the limit is 5");
    EXPECT_EQ(file_read((folder_ / "y").c_str(), 5, &data, &size), SSLACT_ERROR_NOT_FOUND);
    EXPECT_EQ(message(), (folder_ / "y") + ": cannot be opened: No such file or directory");
    EXPECT_EQ(file_read(folder_.path().c_str(), 5, &data, &size), SSLACT_ERROR_IO);
    EXPECT_EQ(message(), folder_.path() + ": is a folder, expected a file");
    EXPECT_EQ(file_read((folder_ / "pipe").c_str(), 5, &data, &size), SSLACT_ERROR_IO)
        << "a pipe without a writer must not hang";
    EXPECT_EQ(data, nullptr);
    EXPECT_EQ(size, 77u);
}

TEST_F(File, WriterIsDurableBeforeItReports)
{
    ASSERT_EQ(write_armed(folder_ / "x", "new"), SSLACT_OK);

    // close of the file before rename, close of the folder at the end
    EXPECT_EQ(shim.names, (std::vector<std::string>{"write", "fsync file", "close", "rename",
                                                    "fsync folder", "close"}));
    EXPECT_EQ(test::get_file(folder_ / "x"), "new");
    EXPECT_EQ(folder_.list(), std::vector<std::string>{"x"});
}

TEST_F(File, TheTemporaryNameSaysWhoseItIs)
{
    file_writer *writer = nullptr;
    ASSERT_EQ(file_writer_open((folder_ / "x").c_str(), &writer), SSLACT_OK);
    ASSERT_EQ(folder_.list().size(), 1u);
    EXPECT_EQ(folder_.list()[0].rfind("x.tmp-" + std::to_string(getpid()) + "-", 0), 0u);
    file_writer_discard(writer);
    file_writer_discard(nullptr);
    EXPECT_TRUE(folder_.list().empty());
}

TEST_F(File, ShortAndInterruptedWritesAreCompleted)
{
    shim.stutter = true;
    ASSERT_EQ(write_armed(folder_ / "x", "hello world"), SSLACT_OK);

    EXPECT_EQ(test::get_file(folder_ / "x"), "hello world");
    EXPECT_GE(shim.calls, 22);
}

TEST_F(File, EveryFailingCallIsReportedAndLeavesNoTemporaryFile)
{
    test::put_file(folder_ / "x", "old");
    for (int call = 1; call <= 6; call++) {
        shim = Shim();
        shim.fail_at = call;
        shim.code = EIO;
        const sslact_status status = write_armed(folder_ / "x", "new");
        const std::string now = test::get_file(folder_ / "x");

        EXPECT_EQ(folder_.list(), std::vector<std::string>{"x"}) << call;
        if (call == 6) { // closing the folder's descriptor decides nothing
            EXPECT_EQ(status, SSLACT_OK);
            EXPECT_EQ(now, "new");
        } else {
            EXPECT_EQ(status, SSLACT_ERROR_IO) << call;
            EXPECT_NE(message().find("Input/output error"), std::string::npos) << message();
            EXPECT_EQ(now, call == 5 ? "new" : "old") << call;
        }
        test::put_file(folder_ / "x", "old");
    }
}

TEST_F(File, AFailedFsyncIsNotTriedAgain)
{
    shim.fail_at = 2;
    shim.code = EIO;
    EXPECT_EQ(write_armed(folder_ / "x", "new"), SSLACT_ERROR_IO);
    EXPECT_EQ(shim.names, (std::vector<std::string>{"write", "fsync file", "close"}));
}

TEST_F(File, AFullDiskIsReportedWithNeededAndFreeBytes)
{
    shim.fail_at = 1;
    shim.code = ENOSPC;
    EXPECT_EQ(write_armed(folder_ / "x", "12345"), SSLACT_ERROR_IO);
    EXPECT_EQ(message().rfind((folder_ / "x") + ": no space left, 5 more bytes are needed, ", 0),
              0u)
        << message();
    EXPECT_TRUE(folder_.list().empty());
}

TEST_F(File, CommitAfterAFailedWriteChangesNothing)
{
    test::put_file(folder_ / "x", "old");
    file_writer *writer = nullptr;
    ASSERT_EQ(file_writer_open((folder_ / "x").c_str(), &writer), SSLACT_OK);
    shim.armed = true;
    shim.fail_at = 1;
    shim.code = ENOSPC;
    EXPECT_EQ(file_writer_write(writer, "new", 3), SSLACT_ERROR_IO);
    EXPECT_EQ(file_writer_commit(writer), SSLACT_ERROR_IO);
    shim.armed = false;

    EXPECT_EQ(test::get_file(folder_ / "x"), "old");
    EXPECT_EQ(folder_.list(), std::vector<std::string>{"x"});
}

// A process that ends in the middle of any call leaves the old content or the new one.
TEST_F(File, AKilledWriterNeverLeavesPartOfAFile)
{
    const std::string path = folder_ / "x";
    const std::string fresh(100000, 'n');
    int ends = 0;
    for (int call = 1; call <= 20; call++) {
        test::put_file(path, "old");
        const pid_t child = fork();
        if (child == 0) {
            shim.exit_at = call;
            _exit(write_armed(path, fresh) == SSLACT_OK ? 0 : 1);
        }
        int status = 0;
        ASSERT_EQ(waitpid(child, &status, 0), child);
        const std::string now = test::get_file(path);
        EXPECT_TRUE(now == "old" || now == fresh) << call;
        if (WEXITSTATUS(status) == 0) {
            EXPECT_EQ(now, fresh);
            ends++;
        }
    }
    EXPECT_EQ(ends, 14) << "six calls a write";
}

TEST_F(File, ALeftoverOfAnotherProcessWithOurNumberIsNoObstacle)
{
    file_writer *first = nullptr;
    ASSERT_EQ(file_writer_open((folder_ / "x").c_str(), &first), SSLACT_OK);
    const std::string taken = folder_.list()[0];
    const unsigned next = std::stoul(taken.substr(taken.rfind('-') + 1)) + 1;
    const std::string leftover = taken.substr(0, taken.rfind('-') + 1) + std::to_string(next);
    test::put_file(folder_ / leftover, "left over");

    EXPECT_EQ(file_write((folder_ / "x").c_str(), "a", 1), SSLACT_OK);

    EXPECT_EQ(test::get_file(folder_ / "x"), "a");
    EXPECT_EQ(test::get_file(folder_ / leftover), "left over");
    file_writer_discard(first);
}

TEST_F(File, WritingWhereItCannotBeIsRefusedBeforeAnyByte)
{
    file_writer *writer = nullptr;
    EXPECT_EQ(file_writer_open(folder_.path().c_str(), &writer), SSLACT_ERROR_IO);
    EXPECT_EQ(file_writer_open((folder_ / "no/such/x").c_str(), &writer), SSLACT_ERROR_NOT_FOUND);
    EXPECT_EQ(writer, nullptr);
}

TEST_F(File, FoldersAreMadeWithTheirParents)
{
    const std::string deep = folder_ / "a/b//c/";
    EXPECT_EQ(file_make_folder(deep.c_str()), SSLACT_OK);
    EXPECT_EQ(file_make_folder(deep.c_str()), SSLACT_OK);
    EXPECT_TRUE(file_is_folder((folder_ / "a/b/c").c_str()));

    test::put_file(folder_ / "f", "");
    EXPECT_FALSE(file_is_folder((folder_ / "f").c_str()));
    EXPECT_TRUE(file_exists((folder_ / "f").c_str()));
    EXPECT_EQ(file_make_folder((folder_ / "f").c_str()), SSLACT_ERROR_IO);
    EXPECT_EQ(message(), (folder_ / "f") + ": exists and is not a folder");
    EXPECT_LT(file_make_folder((folder_ / "f/g").c_str()), 0);
}

TEST_F(File, DescribesSizeAndTime)
{
    test::put_file(folder_ / "x", "12345");
    int64_t size = 0, modified = 0;
    ASSERT_EQ(file_describe((folder_ / "x").c_str(), &size, &modified), SSLACT_OK);
    EXPECT_EQ(size, 5);
    EXPECT_LT(std::abs(modified / 1000000000 - time(nullptr)), 60);
    EXPECT_EQ(file_describe((folder_ / "y").c_str(), &size, &modified), SSLACT_ERROR_NOT_FOUND);
    EXPECT_EQ(message(), (folder_ / "y") + ": No such file or directory");
}

std::string absolute(const std::string &path)
{
    text out = {};
    EXPECT_EQ(path_make_absolute(path.c_str(), &out), SSLACT_OK);
    std::string result = text_get(&out);
    text_free(&out);
    return result;
}

std::string join(const std::string &folder, const std::string &name)
{
    text out = {};
    EXPECT_EQ(path_join(folder.c_str(), name.c_str(), &out), SSLACT_OK);
    std::string result = text_get(&out);
    text_free(&out);
    return result;
}

std::string folder_of(const std::string &path)
{
    text out = {};
    EXPECT_EQ(path_get_folder(path.c_str(), &out), SSLACT_OK);
    std::string result = text_get(&out);
    text_free(&out);
    return result;
}

TEST(Path, JoinKeepsAbsoluteNames)
{
    EXPECT_EQ(join("a", "b"), "a/b");
    EXPECT_EQ(join("a/", "b"), "a/b");
    EXPECT_EQ(join("/", "b"), "/b");
    EXPECT_EQ(join("", "b"), "b");
    EXPECT_EQ(join("a", "/b"), "/b");
}

TEST(Path, AbsoluteFormHasNoDots)
{
    char *here = getcwd(nullptr, 0);
    EXPECT_EQ(absolute("/a/./b/../c//d/"), "/a/c/d");
    EXPECT_EQ(absolute("/.."), "/");
    EXPECT_EQ(absolute("/../../a"), "/a");
    EXPECT_EQ(absolute("x/../y"), std::string(here) + "/y");
    EXPECT_EQ(absolute(""), here);
    free(here);
}

TEST(Path, SplitsIntoFolderNameAndExtension)
{
    EXPECT_EQ(folder_of("a/b.csv"), "a");
    EXPECT_EQ(folder_of("/a"), "/");
    EXPECT_EQ(folder_of("a"), ".");
    EXPECT_EQ(folder_of("a//b"), "a");
    EXPECT_STREQ(path_get_name("a/b.csv"), "b.csv");
    EXPECT_STREQ(path_get_name("b"), "b");
    EXPECT_STREQ(path_get_extension("a.b/c.tar.gz"), ".gz");
    EXPECT_STREQ(path_get_extension("a.b/c"), "");
    EXPECT_STREQ(path_get_extension(".hidden"), "");
}

TEST(Path, OutputMayBeItsOwnInput)
{
    text path = {};
    text_append(&path, "b/../c");
    ASSERT_EQ(path_join("/a", text_get(&path), &path), SSLACT_OK);
    ASSERT_EQ(path_make_absolute(text_get(&path), &path), SSLACT_OK);
    EXPECT_STREQ(text_get(&path), "/a/c");
    ASSERT_EQ(path_get_folder(text_get(&path), &path), SSLACT_OK);
    EXPECT_STREQ(text_get(&path), "/a");
    text_free(&path);
}

} // namespace
