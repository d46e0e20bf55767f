// Every small file cut at each byte and with many bits flipped: read, or refused with one line.

#include "weights/files.h"

#include <sys/resource.h>

namespace
{

using namespace test;

const char *const names[] = {"training_zip.pyth",    "training_stream.pth",  "bare_wrapped.pt",
                             "numpy_protocol_2.pkl", "numpy_protocol_4.pkl", "numpy_protocol_5.pkl",
                             "caffe2_python_2.pkl",  "no_checksums.pt"};

// A generator that needs no library: the test's own.
uint64_t draw(uint64_t &state)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

size_t get_peak_memory()
{
    rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return static_cast<size_t>(usage.ru_maxrss) * 1024;
}

class Mutations : public testing::TestWithParam<const char *>
{
protected:
    void SetUp() override
    {
        good_ = get_file(std::string(SSLACT_TESTS_FOLDER "/weights/data/") + GetParam());
        ASSERT_FALSE(good_.empty());
    }
    void expect_read_or_refused(const std::string &bytes, size_t which)
    {
        std::filesystem::remove(path_); // rewriting in place makes some file systems wait
        put_file(path_, bytes);
        const sslact_status status = read_everything(path_);

        if (status != SSLACT_OK) {
            const std::string message = sslact_error_get_message();
            EXPECT_EQ(status, SSLACT_ERROR_FORMAT) << which << ": " << message;
            EXPECT_EQ(message.rfind(path_, 0), 0u) << which << ": " << message;
            EXPECT_EQ(message.find('\n'), std::string::npos) << which << ": " << message;
        }
        refused_ += status != SSLACT_OK;
    }

    TemporaryFolder folder_;
    std::string path_ = folder_ / "mutated";
    std::string good_;
    size_t refused_ = 0;
};

} // namespace

TEST_P(Mutations, AFileCutAnywhereIsRefused)
{
    for (size_t size = 0; size < good_.size(); size++) {
        expect_read_or_refused(good_.substr(0, size), size);
    }
    EXPECT_EQ(refused_, good_.size());
}

TEST_P(Mutations, AFileWithFlippedBitsIsReadOrRefused)
{
    const size_t before = get_peak_memory();
    uint64_t state = 88172645463325252u;

    for (size_t i = 0; i < 1000; i++) {
        std::string bytes = good_;
        for (uint64_t flips = 1 + draw(state) % 3; flips > 0; flips--) {
            const uint64_t bit = draw(state) % (bytes.size() * 8);
            bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ 1 << bit % 8);
        }
        expect_read_or_refused(bytes, i);
    }
    EXPECT_GT(refused_, 100u);
    EXPECT_LT(get_peak_memory() - before, size_t(64) << 20);
}

// Bytes of the file put to other places, opcodes over others, lengths set to extremes.
TEST_P(Mutations, AFileWithReplacedPiecesIsReadOrRefused)
{
    static const char *const pieces[] = {"\xff\xff\xff\xff",
                                         "\x80\x80\x80\x80",
                                         "RRRR",
                                         "....",
                                         "bbbb",
                                         "sub.",
                                         "(((t",
                                         "}]()",
                                         "\x85\x86\x87\x81",
                                         "Q0j1"};
    uint64_t state = 362436069u;

    for (size_t i = 0; i < 1000; i++) {
        std::string bytes = good_;
        const size_t at = draw(state) % (bytes.size() - 4);
        const std::string piece =
            i % 2 == 0 ? pieces[draw(state) % 10]
                       : good_.substr(draw(state) % (good_.size() - 4), 1 + draw(state) % 32);
        bytes.replace(at, std::min<size_t>(1 + draw(state) % 4, bytes.size() - at), piece);
        expect_read_or_refused(bytes, i);
    }
    EXPECT_GT(refused_, 100u);
}

INSTANTIATE_TEST_SUITE_P(OfEveryKind, Mutations, testing::ValuesIn(names),
                         [](const testing::TestParamInfo<const char *> &kind) {
                             std::string name = kind.param;
                             for (char &c : name) {
                                 c = c == '.' ? '_' : c;
                             }
                             return name;
                         });
