// Bytes to tensors: one lookup table a channel value, one pass over the pixels.

#include "feed/feed.h"

#include <array>
#include <cstring>

#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>

#include "base/error.hpp"

namespace sslact
{
namespace
{

constexpr float mean = 0.45f;
constexpr float deviation = 0.225f;

std::array<float, 256> make_table()
{
    std::array<float, 256> table{};
    for (int value = 0; value < 256; ++value) {
        table[value] = (static_cast<float>(value) / 255.0f - mean) / deviation;
    }
    return table;
}

// pixels [T, H, W, 3] of bytes to out [3, T, H, W] of floats.
void normalise_clip(const clip &source, float *out)
{
    static const std::array<float, 256> table = make_table();
    const size_t count = static_cast<size_t>(source.frame_count) * source.height * source.width;
    float *red = out;
    float *green = out + count;
    float *blue = out + 2 * count;
    const uint8_t *pixel = source.pixels;
    for (size_t i = 0; i < count; ++i, pixel += 3) {
        red[i] = table[pixel[0]];
        green[i] = table[pixel[1]];
        blue[i] = table[pixel[2]];
    }
}

bool same_size(const clip &a, const clip &b)
{
    return a.frame_count == b.frame_count && a.height == b.height && a.width == b.width;
}

struct Member {
    const clip *source;
    int64_t first_row;
};

FeedGroup make_group(const std::vector<Member> &members, at::Device device)
{
    const clip &first = *members.front().source;
    const int64_t clip_count = static_cast<int64_t>(members.size());
    int64_t box_count = 0;
    for (const Member &member : members) {
        box_count += member.source->box_count;
    }
    FeedGroup group;
    at::Tensor frames = at::empty(
        {clip_count, 3, first.frame_count, first.height, first.width}, at::kFloat);
    at::Tensor boxes = at::empty({box_count, 5}, at::kFloat);
    float *box = boxes.mutable_data_ptr<float>();
    for (int64_t n = 0; n < clip_count; ++n) {
        const clip &source = *members[n].source;
        for (int32_t i = 0; i < source.box_count; ++i, box += 5) {
            const sslact_box &b = source.boxes[i];
            const float values[5] = {static_cast<float>(n), b.x1, b.y1, b.x2, b.y2};
            std::memcpy(box, values, sizeof values);
            group.rows.push_back(members[n].first_row + i);
        }
    }
    float *pixels = frames.mutable_data_ptr<float>();
    const int64_t stride = frames.stride(0);
    at::parallel_for(0, clip_count, 1, [&](int64_t begin, int64_t end) {
        for (int64_t n = begin; n < end; ++n) {
            normalise_clip(*members[n].source, pixels + n * stride);
        }
    });
    group.frames = frames.to(device);
    group.boxes = boxes.to(device);
    return group;
}

} // namespace

std::vector<FeedGroup> feed_clips(const std::vector<const clip *> &clips, at::Device device)
{
    std::vector<std::vector<Member>> sizes;
    int64_t row = 0;
    for (const clip *source : clips) {
        const Member member{source, row};
        row += source->box_count;
        if (source->box_count == 0) {
            continue;
        }
        auto place = sizes.begin();
        while (place != sizes.end() && !same_size(*place->front().source, *source)) {
            ++place;
        }
        if (place == sizes.end()) {
            sizes.push_back({member});
        } else {
            place->push_back(member);
        }
    }
    std::vector<FeedGroup> groups;
    groups.reserve(sizes.size());
    for (const std::vector<Member> &members : sizes) {
        groups.push_back(make_group(members, device));
    }
    return groups;
}

std::vector<const clip *> list_clips(const batch_half &half)
{
    return {half.clips, half.clips + half.count};
}

int64_t count_boxes(const std::vector<const clip *> &clips)
{
    int64_t count = 0;
    for (const clip *source : clips) {
        count += source->box_count;
    }
    return count;
}

at::Tensor feed_labels(const batch_half &half, int32_t class_count, at::Device device)
{
    at::Tensor labels = at::empty({count_boxes(list_clips(half)), class_count}, at::kByte);
    uint8_t *row = labels.mutable_data_ptr<uint8_t>();
    for (size_t n = 0; n < half.count; ++n) {
        const clip &source = *half.clips[n];
        const size_t size = static_cast<size_t>(source.box_count) * class_count;
        if (source.box_count > 0 && (source.labels == nullptr || source.class_count != class_count)) {
            throw Error(SSLACT_ERROR_MISMATCH,
                        std::string("clip ") + (source.name ? source.name : "") + ": " +
                            (source.labels ? std::to_string(source.class_count) + " classes" :
                                             "no labels") +
                            ", labels of " + std::to_string(class_count) + " classes are needed");
        }
        if (size > 0) {
            std::memcpy(row, source.labels, size);
        }
        row += size;
    }
    return labels.to(device);
}

at::Tensor feed_visible(const batch_half &half, at::Device device)
{
    at::Tensor visible = at::empty({count_boxes(list_clips(half))}, at::kByte);
    uint8_t *row = visible.mutable_data_ptr<uint8_t>();
    for (size_t n = 0; n < half.count; ++n) {
        const size_t size = static_cast<size_t>(half.clips[n]->box_count);
        if (size > 0) {
            std::memcpy(row, half.visible[n], size);
        }
        row += size;
    }
    return visible.to(device);
}

} // namespace sslact
