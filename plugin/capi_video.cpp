// sslact_video_*: frames out of files.

#include <algorithm>
#include <cmath>
#include <vector>

#include "handles.h"

#include "media/image.h"

using namespace sslact;

namespace
{

struct FrameReader {
    video *source;
    sslact_frame_callback callback;
    void *user;
    bool with_pixels;
    int32_t width, height;
    std::vector<uint8_t> pixels;
};

sslact_status read_one(const picture *p, size_t, void *user)
{
    FrameReader &reader = *static_cast<FrameReader *>(user);
    char md5[33];
    const sslact_status status = picture_md5(p, md5);
    if (status < 0) {
        return status;
    }
    sslact_frame frame;
    SSLACT_INIT(frame);
    frame.index = p->frame;
    frame.pts_seconds = video_get_stream_time(reader.source, p->frame);
    frame.md5 = md5;
    frame.width = reader.width;
    frame.height = reader.height;
    if (reader.with_pixels) {
        const sslact_status converted =
            video_convert_rgb(reader.source, p, reader.width, reader.height, reader.pixels.data());
        if (converted < 0) {
            return converted;
        }
        frame.pixels = reader.pixels.data();
    }
    if (reader.callback(&frame, reader.user) != 0) {
        return error_set(SSLACT_ERROR_CANCELLED, "stopped by the callback at frame %lld",
                         static_cast<long long>(p->frame));
    }
    return SSLACT_OK;
}

} // namespace

sslact_status sslact_video_open(const char *path, sslact_video **out)
{
    return guard([&] {
        need(path, "path");
        need(out, "out");
        video *inner = nullptr;
        check(video_open(path, nullptr, &inner));
        auto handle = std::make_unique<sslact_video>();
        handle->inner.reset(inner);
        *out = handle.release();
        return SSLACT_OK;
    });
}

sslact_status sslact_video_describe(const sslact_video *video_handle, sslact_video_info *out)
{
    return guard_shared(video_handle, "video", [&](const sslact_video &handle) {
        video_info info;
        video_describe(handle.inner.get(), &info);
        sslact_video_info local;
        SSLACT_INIT(local);
        local.width = info.width;
        local.height = info.height;
        local.rotation = info.rotation;
        local.frame_count = info.frame_count;
        local.duration_seconds = info.duration_seconds;
        local.codec = info.codec;
        local.pixel_format = info.pixel_format;
        write_struct(local, out, "out");
        return SSLACT_OK;
    });
}

sslact_status sslact_video_find_frames(const sslact_video *video_handle, double at_seconds,
                                       int32_t count, double stride_seconds, int64_t stride_frames,
                                       int64_t *buffer, size_t capacity, size_t *needed)
{
    return guard_shared(video_handle, "video", [&](const sslact_video &handle) {
        if (!std::isfinite(at_seconds)) {
            throw Error(SSLACT_ERROR_INVALID_ARGUMENT, "at_seconds is not a finite number");
        }
        if (count < 1 || count > 1000000) {
            throw Error(SSLACT_ERROR_INVALID_ARGUMENT,
                        "count is " + std::to_string(count) + ", 1 to 1000000 is accepted");
        }
        if (!(stride_seconds >= 0) || !std::isfinite(stride_seconds) || stride_frames < 0 ||
            stride_frames > 1000000 || (stride_seconds > 0 && stride_frames > 0)) {
            throw Error(SSLACT_ERROR_INVALID_ARGUMENT,
                        "give stride_seconds or stride_frames, not negative, and not both");
        }
        const video *source = handle.inner.get();
        const int64_t last = video_count_frames(source) - 1;
        const int64_t centre = video_find_frame(source, at_seconds);
        std::vector<int64_t> frames(static_cast<size_t>(count));
        for (int32_t k = 0; k < count; ++k) {
            const int64_t step = k - count / 2;
            const int64_t frame =
                stride_frames > 0 ?
                    centre + step * stride_frames :
                    video_find_frame(source, at_seconds + static_cast<double>(step) *
                                                              stride_seconds);
            frames[static_cast<size_t>(k)] = std::clamp<int64_t>(frame, 0, last);
        }
        return hand_out_array(frames.data(), frames.size(), buffer, capacity, needed);
    });
}

sslact_status sslact_video_read_frames(sslact_video *video_handle, const int64_t *frames,
                                       size_t count, int32_t with_pixels,
                                       sslact_frame_callback callback, void *user)
{
    return guard_exclusive(video_handle, "video", [&](sslact_video &handle) {
        need(frames, "frames");
        FrameReader reader = {handle.inner.get(), callback, user, with_pixels != 0, 0, 0, {}};
        if (callback == nullptr) {
            throw Error(SSLACT_ERROR_INVALID_ARGUMENT, "callback is NULL");
        }
        const int64_t frame_count = video_count_frames(reader.source);
        for (size_t i = 0; i < count; ++i) {
            if (frames[i] < 0 || frames[i] >= frame_count || (i > 0 && frames[i] < frames[i - 1])) {
                throw Error(SSLACT_ERROR_INVALID_ARGUMENT,
                            "frames[" + std::to_string(i) + "] is " + std::to_string(frames[i]) +
                                ", ascending numbers from 0 to " +
                                std::to_string(frame_count - 1) + " are accepted");
            }
        }
        video_fit(reader.source, 0, &reader.width, &reader.height);
        if (reader.with_pixels) {
            reader.pixels.resize(static_cast<size_t>(reader.width) * reader.height * 3);
        }
        return video_read(reader.source, frames, count, read_one, &reader);
    });
}

sslact_status sslact_video_save_png(const char *path, const uint8_t *pixels, int32_t width,
                                    int32_t height)
{
    return guard([&] {
        need(path, "path");
        need(pixels, "pixels");
        if (width < 1 || height < 1) {
            throw Error(SSLACT_ERROR_INVALID_ARGUMENT,
                        "the picture is " + std::to_string(width) + " x " +
                            std::to_string(height) + ", 1 x 1 or more is accepted");
        }
        return image_write_png(path, pixels, width, height);
    });
}

void sslact_video_free(sslact_video *video_handle)
{
    free_handle(video_handle);
}
