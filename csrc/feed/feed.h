// Clips of bytes to normalised tensors on the device. Clips of one size share a tensor; nothing is
// ever padded, because padding costs accuracy (models.md section 11).
#ifndef FEED_FEED_H
#define FEED_FEED_H

#include <cstdint>
#include <vector>

#include <ATen/core/Tensor.h>

#include "data/batch.h"

namespace sslact
{

// Clips of one size.
struct FeedGroup {
    at::Tensor frames;         // [N, 3, T, H, W] float32: (RGB / 255 - 0.45) / 0.225
    at::Tensor boxes;          // [K, 5] float32: clip in this group, x1, y1, x2, y2 relative
    std::vector<int64_t> rows; // [K] row of each box among all boxes, clips in the given order
};

// Groups in the order of their first clip. Clips without boxes are left out of the groups.
std::vector<FeedGroup> feed_clips(const std::vector<const clip *> &clips, at::Device device);

// Labels of all boxes, uint8 [R, C]; the clips must carry labels.
at::Tensor feed_labels(const batch_half &half, int32_t class_count, at::Device device);

// Which boxes are still in the picture, uint8 [R].
at::Tensor feed_visible(const batch_half &half, at::Device device);

// The clips of a half as pointers to const.
std::vector<const clip *> list_clips(const batch_half &half);

int64_t count_boxes(const std::vector<const clip *> &clips);

} // namespace sslact

#endif
