// Makes small video files with libav itself, in the forms that real ones take, and decodes files
// the plain way: from the first packet, one thread, nothing skipped.
#ifndef TESTS_MEDIA_STREAMS_H
#define TESTS_MEDIA_STREAMS_H

#include <functional>
#include <string>
#include <utility>
#include <vector>

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
}

namespace media_test
{

struct StreamPlan {
    std::string codec;                                        // name of libav's encoder
    std::vector<std::pair<std::string, std::string>> options; // of the encoder
    std::vector<std::pair<std::string, std::string>> muxing;  // of the muxer
    AVPixelFormat format = AV_PIX_FMT_YUV420P;
    int width = 96, height = 64, count = 60, gop = 12, b_frames = 0;
    std::function<int64_t(int)> time = [](int n) { return n; }; // in 1/25 s
    // Changes a packet on its way into the file; false leaves it out.
    std::function<bool(AVPacket *)> edit = [](AVPacket *) { return true; };
};

// False when this build of libav has no such encoder.
bool has_encoder(const std::string &name);

// Writes one file with the given streams, all with pictures of their own. The container is named
// by libav's short name or else goes by the path's extension.
void make_stream(const std::string &path, const std::vector<StreamPlan> &plans,
                 const char *container = nullptr);

struct Reference {
    std::vector<std::string> sums; // of every picture that the decoder gives, in its order
    std::vector<double> times;     // seconds, the decoder's best effort; NaN where it has none
    std::vector<int> widths;
};

// Decodes stream number `stream`, the video stream with the most pixels when negative.
Reference decode_plainly(const std::string &path, int stream = -1);

} // namespace media_test

#endif
