// See streams.h.
#include "streams.h"

#include <cmath>
#include <stdexcept>

extern "C" {
#include <libavutil/imgutils.h>
#include <libavutil/md5.h>
#include <libavutil/opt.h>
}

// libx265 leaks a little of its own for every stream that it encodes.
extern "C" const char *__lsan_default_suppressions();
extern "C" const char *__lsan_default_suppressions()
{
    return "leak:libx265";
}

namespace media_test
{

namespace
{

void require(int result, const char *what)
{
    if (result < 0) {
        throw std::runtime_error(std::string(what) + " failed");
    }
}

// Detail, motion, and a cut in the middle, so that encoders use all kinds of pictures.
void paint(AVFrame *frame, int n, int shift)
{
    int bytes = frame->format == AV_PIX_FMT_YUV420P10LE ? 2 : 1;
    for (int plane = 0; plane < 3; plane++) {
        int width = plane == 0 ? frame->width : (frame->width + 1) / 2;
        int height = plane == 0 ? frame->height : (frame->height + 1) / 2;
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                int moving = ((x - 2 * n) & 31) < 10 && ((y + n) & 15) < 9 ? 70 : 0;
                int noise = (x * 7 + y * 13 + (x * y) % 11) % 23;
                int value = 40 + shift + moving + noise + (n % 41 > 20 ? 35 : 0) + 5 * plane;
                uint8_t *at = frame->data[plane] + y * frame->linesize[plane] + x * bytes;
                at[0] = static_cast<uint8_t>(value);
                if (bytes == 2) {
                    at[1] = static_cast<uint8_t>(n & 3);
                }
            }
        }
    }
}

struct OneStream {
    const StreamPlan *plan;
    AVCodecContext *codec;
    AVStream *stream;
    AVFrame *frame;
};

void open_stream(OneStream &one, AVFormatContext *format, const StreamPlan &plan)
{
    const AVCodec *encoder = avcodec_find_encoder_by_name(plan.codec.c_str());
    AVCodecContext *codec = avcodec_alloc_context3(encoder);
    codec->width = plan.width;
    codec->height = plan.height;
    codec->pix_fmt = plan.format;
    codec->time_base = {1, 25};
    codec->framerate = {25, 1};
    codec->gop_size = plan.gop;
    codec->max_b_frames = plan.b_frames;
    codec->bit_rate = 300000;
    codec->thread_count = 1;
    if ((format->oformat->flags & AVFMT_GLOBALHEADER) != 0) {
        codec->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
    }
    for (const auto &[key, value] : plan.options) {
        require(av_opt_set(codec, key.c_str(), value.c_str(), AV_OPT_SEARCH_CHILDREN), key.c_str());
    }
    require(avcodec_open2(codec, encoder, nullptr), "avcodec_open2");
    AVStream *stream = avformat_new_stream(format, nullptr);
    stream->time_base = codec->time_base;
    stream->avg_frame_rate = codec->framerate;
    require(avcodec_parameters_from_context(stream->codecpar, codec), "parameters");
    AVFrame *frame = av_frame_alloc();
    frame->format = plan.format;
    frame->width = plan.width;
    frame->height = plan.height;
    require(av_frame_get_buffer(frame, 0), "av_frame_get_buffer");
    one = {&plan, codec, stream, frame};
}

void drain(OneStream &one, AVFormatContext *format)
{
    AVPacket *packet = av_packet_alloc();
    while (avcodec_receive_packet(one.codec, packet) >= 0) {
        packet->duration = 1;
        packet->stream_index = one.stream->index;
        if (one.plan->edit(packet)) {
            av_packet_rescale_ts(packet, one.codec->time_base, one.stream->time_base);
            require(av_interleaved_write_frame(format, packet), "av_interleaved_write_frame");
        }
        av_packet_unref(packet);
    }
    av_packet_free(&packet);
}

void encode_all(std::vector<OneStream> &streams, AVFormatContext *format)
{
    int most = 0;
    for (const OneStream &one : streams) {
        most = std::max(most, one.plan->count);
    }
    for (int n = 0; n < most; n++) {
        for (OneStream &one : streams) {
            if (n < one.plan->count) {
                require(av_frame_make_writable(one.frame), "av_frame_make_writable");
                paint(one.frame, n, 9 * one.stream->index);
                one.frame->pts = one.plan->time(n);
                require(avcodec_send_frame(one.codec, one.frame), "avcodec_send_frame");
                drain(one, format);
            }
        }
    }
    for (OneStream &one : streams) {
        require(avcodec_send_frame(one.codec, nullptr), "avcodec_send_frame");
        drain(one, format);
    }
}

std::string sum_picture(const AVFrame *frame)
{
    auto format = static_cast<AVPixelFormat>(frame->format);
    int size = av_image_get_buffer_size(format, frame->width, frame->height, 1);
    std::vector<uint8_t> bytes(static_cast<size_t>(size));
    av_image_copy_to_buffer(bytes.data(), size, frame->data, frame->linesize, format, frame->width,
                            frame->height, 1);
    uint8_t digest[16];
    av_md5_sum(digest, bytes.data(), bytes.size());
    std::string hex;
    for (uint8_t byte : digest) {
        hex += "0123456789abcdef"[byte >> 4];
        hex += "0123456789abcdef"[byte & 15];
    }
    return hex;
}

int choose_stream(const AVFormatContext *format)
{
    int best = -1;
    int64_t most = -1;
    for (unsigned k = 0; k < format->nb_streams; k++) {
        const AVCodecParameters *p = format->streams[k]->codecpar;
        int64_t pixels = static_cast<int64_t>(p->width) * p->height;
        if (p->codec_type == AVMEDIA_TYPE_VIDEO && pixels > most) {
            best = static_cast<int>(k);
            most = pixels;
        }
    }
    return best;
}

void receive(AVCodecContext *codec, AVFrame *frame, double unit, Reference &reference)
{
    while (avcodec_receive_frame(codec, frame) >= 0) {
        int64_t time = frame->best_effort_timestamp;
        reference.sums.push_back(sum_picture(frame));
        reference.times.push_back(time == AV_NOPTS_VALUE ? NAN : static_cast<double>(time) * unit);
        reference.widths.push_back(frame->width);
        av_frame_unref(frame);
    }
}

} // namespace

bool has_encoder(const std::string &name)
{
    return avcodec_find_encoder_by_name(name.c_str()) != nullptr;
}

void make_stream(const std::string &path, const std::vector<StreamPlan> &plans,
                 const char *container)
{
    av_log_set_level(AV_LOG_QUIET);
    AVFormatContext *format = nullptr;
    require(avformat_alloc_output_context2(&format, nullptr, container, path.c_str()), "container");
    std::vector<OneStream> streams(plans.size());
    AVDictionary *options = nullptr;
    for (size_t k = 0; k < plans.size(); k++) {
        open_stream(streams[k], format, plans[k]);
        for (const auto &[key, value] : plans[k].muxing) {
            av_dict_set(&options, key.c_str(), value.c_str(), 0);
        }
    }
    require(avio_open(&format->pb, path.c_str(), AVIO_FLAG_WRITE), "avio_open");
    require(avformat_write_header(format, &options), "avformat_write_header");
    av_dict_free(&options);
    encode_all(streams, format);
    require(av_write_trailer(format), "av_write_trailer");
    avio_closep(&format->pb);
    for (OneStream &one : streams) {
        avcodec_free_context(&one.codec);
        av_frame_free(&one.frame);
    }
    avformat_free_context(format);
}

Reference decode_plainly(const std::string &path, int stream)
{
    Reference reference;
    AVFormatContext *format = nullptr;
    require(avformat_open_input(&format, path.c_str(), nullptr, nullptr), "avformat_open_input");
    require(avformat_find_stream_info(format, nullptr), "avformat_find_stream_info");
    stream = stream < 0 ? choose_stream(format) : stream;
    const AVCodecParameters *parameters = format->streams[stream]->codecpar;
    const AVCodec *decoder = avcodec_find_decoder(parameters->codec_id);
    AVCodecContext *codec = avcodec_alloc_context3(decoder);
    require(avcodec_parameters_to_context(codec, parameters), "parameters");
    codec->thread_count = 1;
    codec->pkt_timebase = format->streams[stream]->time_base;
    require(avcodec_open2(codec, decoder, nullptr), "avcodec_open2");
    double unit = av_q2d(format->streams[stream]->time_base);
    AVPacket *packet = av_packet_alloc();
    AVFrame *frame = av_frame_alloc();
    while (av_read_frame(format, packet) >= 0) {
        if (packet->stream_index == stream) {
            (void)avcodec_send_packet(codec, packet);
            receive(codec, frame, unit, reference);
        }
        av_packet_unref(packet);
    }
    (void)avcodec_send_packet(codec, nullptr);
    receive(codec, frame, unit, reference);
    av_packet_free(&packet);
    av_frame_free(&frame);
    avcodec_free_context(&codec);
    avformat_close_input(&format);
    return reference;
}

} // namespace media_test
