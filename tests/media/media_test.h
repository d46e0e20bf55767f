// Shared by the tests of the media room: handles that close themselves, a temporary folder that
// goes away, and reading frames into checksums.
#ifndef TESTS_MEDIA_TEST_H
#define TESTS_MEDIA_TEST_H

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <numeric>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "media/encoder.h"
#include "media/image.h"
#include "media/video.h"

namespace media_test
{

struct Close {
    void operator()(video *v) const { video_close(v); }
};
using Video = std::unique_ptr<video, Close>;

inline Video open_video(const std::string &path, video_options options = {})
{
    video *v = nullptr;
    sslact_status status = video_open(path.c_str(), &options, &v);
    EXPECT_EQ(status, SSLACT_OK) << sslact_error_get_message();
    return Video(v);
}

inline std::vector<int64_t> all_frames(const video *v)
{
    std::vector<int64_t> frames(static_cast<size_t>(video_count_frames(v)));
    std::iota(frames.begin(), frames.end(), 0);
    return frames;
}

struct Seen {
    std::vector<std::string> sums; // in the order handed out
    std::vector<int64_t> numbers;
    sslact_status status = SSLACT_OK;
    std::string message;
};

inline sslact_status add_sum(const picture *p, size_t position, void *user)
{
    Seen *seen = static_cast<Seen *>(user);
    char sum[33];
    sslact_status status = picture_md5(p, sum);
    if (status == SSLACT_OK) {
        EXPECT_EQ(position, seen->sums.size());
        seen->sums.emplace_back(sum);
        seen->numbers.push_back(p->frame);
    }
    return status;
}

inline Seen read_sums(video *v, const std::vector<int64_t> &frames)
{
    Seen seen;
    seen.status = video_read(v, frames.data(), frames.size(), add_sum, &seen);
    if (seen.status < 0) {
        seen.message = sslact_error_get_message();
    }
    return seen;
}

class TemporaryFolder
{
public:
    TemporaryFolder()
    {
        std::string name =
            (std::filesystem::temp_directory_path() / "sslact_media_XXXXXX").string();
        path_ = mkdtemp(name.data());
    }
    ~TemporaryFolder() { std::filesystem::remove_all(path_); }
    TemporaryFolder(const TemporaryFolder &) = delete;
    TemporaryFolder &operator=(const TemporaryFolder &) = delete;
    std::string operator/(const std::string &name) const { return path_ + "/" + name; }
    const std::string &path() const { return path_; }

private:
    std::string path_;
};

inline std::vector<char> read_bytes(const std::string &path)
{
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

inline void write_bytes(const std::string &path, const char *data, size_t size)
{
    std::ofstream(path, std::ios::binary).write(data, static_cast<std::streamsize>(size));
}

// A small repeatable generator for the tests' own choices.
class Dice
{
public:
    explicit Dice(uint64_t seed) : state_(seed * 2862933555777941757ULL + 3037000493ULL) {}
    int64_t roll(int64_t count)
    {
        state_ = state_ * 6364136223846793005ULL + 1442695040888963407ULL;
        return static_cast<int64_t>((state_ >> 33) % static_cast<uint64_t>(count));
    }

private:
    uint64_t state_;
};

// A picture with a moving block over a gradient: every frame differs.
inline std::vector<uint8_t> draw_frame(int width, int height, int n)
{
    std::vector<uint8_t> rgb(static_cast<size_t>(width) * height * 3);
    for (int y = 0; y < height; y++) {
        for (int x = 0; x < width; x++) {
            uint8_t *pixel = &rgb[(static_cast<size_t>(y) * width + x) * 3];
            bool block = (x - 5 * n) % width >= 0 && (x - 5 * n) % width < 24 && y > 8 && y < 40;
            pixel[0] = static_cast<uint8_t>(block ? 230 : x * 255 / width);
            pixel[1] = static_cast<uint8_t>(block ? 40 + 7 * n : y * 255 / height);
            pixel[2] = static_cast<uint8_t>((x * y + 13 * n) & 127);
        }
    }
    return rgb;
}

inline void encode_video(const std::string &path, int width, int height, int count,
                         encoder_options options = {})
{
    options.width = width;
    options.height = height;
    options.rate_numerator = options.rate_numerator > 0 ? options.rate_numerator : 25;
    options.rate_denominator = options.rate_denominator > 0 ? options.rate_denominator : 1;
    encoder *e = nullptr;
    ASSERT_EQ(encoder_open(path.c_str(), &options, &e), SSLACT_OK) << sslact_error_get_message();
    for (int n = 0; n < count; n++) {
        ASSERT_EQ(encoder_write(e, draw_frame(width, height, n).data()), SSLACT_OK);
    }
    ASSERT_EQ(encoder_finish(e), SSLACT_OK) << sslact_error_get_message();
}

} // namespace media_test

#endif
