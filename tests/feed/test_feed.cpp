// Clips of bytes as tensors: every value, the layout, the rows, and what is refused.
#include "feed/feed.h"

#include <gtest/gtest.h>

#include <ATen/ATen.h>

#include "base/error.hpp"
#include "support/memory_clips.h"

namespace
{

using sslact::Error;
using sslact::feed_clips;
using sslact::FeedGroup;
using test::Held;

Held<clip> make_clip(size_t number, const test::ClipShape &shape)
{
    const test::OwnClip own(number, shape);
    clip *made = nullptr;
    test::require(clip_import(&own.view, shape.classes, "clip", &made));
    return Held<clip>(made);
}

test::ClipShape shaped(int32_t height, int32_t width, int32_t boxes)
{
    test::ClipShape shape;
    shape.frames = 4;
    shape.height = height;
    shape.width = width;
    shape.boxes = boxes;
    return shape;
}

// A half of a batch over clips that live elsewhere.
struct Half {
    explicit Half(const std::vector<Held<clip>> &held)
    {
        for (const Held<clip> &one : held) {
            clips.push_back(one.get());
            seen.emplace_back(static_cast<size_t>(one->box_count), uint8_t{1});
        }
        for (std::vector<uint8_t> &row : seen) {
            visible.push_back(row.data());
        }
        view = {clips.size(), clips.data(), nullptr, visible.data()};
    }
    std::vector<clip *> clips;
    std::vector<std::vector<uint8_t>> seen;
    std::vector<uint8_t *> visible;
    batch_half view;
};

std::vector<Held<clip>> make_mixed()
{
    std::vector<Held<clip>> clips;
    clips.push_back(make_clip(0, shaped(4, 6, 2)));
    clips.push_back(make_clip(1, shaped(6, 4, 1)));
    clips.push_back(make_clip(2, shaped(4, 6, 0)));
    clips.push_back(make_clip(3, shaped(4, 6, 3)));
    clips.push_back(make_clip(4, shaped(6, 4, 2)));
    return clips;
}

std::vector<const clip *> point(const std::vector<Held<clip>> &clips)
{
    std::vector<const clip *> out;
    for (const Held<clip> &one : clips) {
        out.push_back(one.get());
    }
    return out;
}

TEST(FeedClips, TurnsKnownBytesIntoKnownNumbers)
{
    const Held<clip> source = make_clip(0, shaped(2, 2, 1));
    std::fill(source->pixels, source->pixels + 4 * 2 * 2 * 3, uint8_t{0});
    // Frame 1, row 1, column 0: red 255, green 51 (a fifth), blue 0.
    uint8_t *pixel = source->pixels + ((1 * 2 + 1) * 2 + 0) * 3;
    pixel[0] = 255;
    pixel[1] = 51;

    const at::Tensor frames = feed_clips({source.get()}, at::kCPU).at(0).frames;

    EXPECT_EQ(frames.sizes().vec(), (std::vector<int64_t>{1, 3, 4, 2, 2}));
    EXPECT_EQ(frames.scalar_type(), at::kFloat);
    EXPECT_NEAR(frames[0][0][1][1][0].item<double>(), 0.55 / 0.225, 1e-6);
    EXPECT_NEAR(frames[0][1][1][1][0].item<double>(), -0.25 / 0.225, 1e-6);
    EXPECT_NEAR(frames[0][2][1][1][0].item<double>(), -2.0, 1e-6);
    EXPECT_NEAR(frames[0][0][1][0][1].item<double>(), -2.0, 1e-6);
}

TEST(FeedClips, PutsEveryPixelWhereItsFrameRowAndColumnSay)
{
    std::vector<Held<clip>> clips;
    clips.push_back(make_clip(0, shaped(3, 5, 1)));
    clips.push_back(make_clip(1, shaped(3, 5, 1)));
    const at::Tensor frames = feed_clips(point(clips), at::kCPU).at(0).frames;
    const auto value = frames.accessor<float, 5>();

    for (int n = 0; n < 2; ++n) {
        const uint8_t *byte = clips[n]->pixels;
        for (int t = 0; t < 4; ++t) {
            for (int y = 0; y < 3; ++y) {
                for (int x = 0; x < 5; ++x) {
                    for (int c = 0; c < 3; ++c, ++byte) {
                        ASSERT_NEAR(value[n][c][t][y][x], (*byte / 255.0 - 0.45) / 0.225, 1e-6)
                            << n << " " << c << " " << t << " " << y << " " << x;
                    }
                }
            }
        }
    }
}

TEST(FeedClips, GroupsClipsOfOneSizeAndNamesTheRowOfEachBox)
{
    const std::vector<Held<clip>> clips = make_mixed();
    const std::vector<FeedGroup> groups = feed_clips(point(clips), at::kCPU);

    ASSERT_EQ(groups.size(), 2u);
    EXPECT_EQ(groups[0].frames.sizes().vec(), (std::vector<int64_t>{2, 3, 4, 4, 6}));
    EXPECT_EQ(groups[1].frames.sizes().vec(), (std::vector<int64_t>{2, 3, 4, 6, 4}));
    EXPECT_EQ(groups[0].rows, (std::vector<int64_t>{0, 1, 3, 4, 5}));
    EXPECT_EQ(groups[1].rows, (std::vector<int64_t>{2, 6, 7}));
    EXPECT_EQ(sslact::count_boxes(point(clips)), 8);
}

TEST(FeedClips, GivesEachBoxItsClipInTheGroupAndItsCorners)
{
    const std::vector<Held<clip>> clips = make_mixed();
    const std::vector<FeedGroup> groups = feed_clips(point(clips), at::kCPU);
    const at::Tensor &boxes = groups.at(0).boxes;

    ASSERT_EQ(boxes.sizes().vec(), (std::vector<int64_t>{5, 5}));
    const int owner[5] = {0, 0, 3, 3, 3};
    const int place[5] = {0, 1, 0, 1, 2};
    for (int k = 0; k < 5; ++k) {
        const sslact_box &box = clips[owner[k]]->boxes[place[k]];
        EXPECT_EQ(boxes[k][0].item<float>(), k < 2 ? 0.0f : 1.0f);
        EXPECT_EQ(boxes[k][1].item<float>(), box.x1);
        EXPECT_EQ(boxes[k][2].item<float>(), box.y1);
        EXPECT_EQ(boxes[k][3].item<float>(), box.x2);
        EXPECT_EQ(boxes[k][4].item<float>(), box.y2);
    }
}

TEST(FeedClips, TellsClipsOfOtherLengthApart)
{
    test::ClipShape longer = shaped(4, 6, 1);
    longer.frames = 8;
    std::vector<Held<clip>> clips;
    clips.push_back(make_clip(0, shaped(4, 6, 1)));
    clips.push_back(make_clip(1, longer));

    EXPECT_EQ(feed_clips(point(clips), at::kCPU).size(), 2u);
}

TEST(FeedClips, MakesNoGroupWithoutABox)
{
    std::vector<Held<clip>> clips;
    clips.push_back(make_clip(0, shaped(4, 6, 0)));

    EXPECT_TRUE(feed_clips(point(clips), at::kCPU).empty());
    EXPECT_TRUE(feed_clips({}, at::kCPU).empty());
    EXPECT_EQ(sslact::count_boxes({}), 0);
}

TEST(FeedLabels, StandInTheOrderOfTheRows)
{
    const std::vector<Held<clip>> clips = make_mixed();
    const Half half(clips);
    const at::Tensor labels = sslact::feed_labels(half.view, 3, at::kCPU);

    ASSERT_EQ(labels.sizes().vec(), (std::vector<int64_t>{8, 3}));
    EXPECT_EQ(labels.scalar_type(), at::kByte);
    int64_t row = 0;
    for (const Held<clip> &source : clips) {
        for (int32_t i = 0; i < source->box_count; ++i, ++row) {
            for (int32_t j = 0; j < 3; ++j) {
                EXPECT_EQ(labels[row][j].item<int>(), source->labels[i * 3 + j]);
            }
        }
    }
    EXPECT_EQ(row, 8);
    EXPECT_GT(labels.sum().item<int64_t>(), 0);
}

TEST(FeedLabels, RefuseAClipWithoutLabelsByName)
{
    test::ClipShape plain = shaped(4, 6, 1);
    plain.labeled = false;
    std::vector<Held<clip>> clips;
    clips.push_back(make_clip(5, plain));
    const Half half(clips);

    try {
        sslact::feed_labels(half.view, 3, at::kCPU);
        FAIL() << "nothing thrown";
    } catch (const Error &error) {
        EXPECT_EQ(error.status(), SSLACT_ERROR_MISMATCH);
        EXPECT_STREQ(error.what(), "clip clip 5: no labels, labels of 3 classes are needed");
    }
}

TEST(FeedLabels, RefuseAnotherClassCountWithBothNumbers)
{
    std::vector<Held<clip>> clips;
    clips.push_back(make_clip(0, shaped(4, 6, 1)));
    const Half half(clips);

    try {
        sslact::feed_labels(half.view, 4, at::kCPU);
        FAIL() << "nothing thrown";
    } catch (const Error &error) {
        EXPECT_EQ(error.status(), SSLACT_ERROR_MISMATCH);
        EXPECT_STREQ(error.what(), "clip clip 0: 3 classes, labels of 4 classes are needed");
    }
}

TEST(FeedLabels, AskNothingOfAClipWithoutBoxes)
{
    test::ClipShape plain = shaped(4, 6, 0);
    plain.labeled = false;
    std::vector<Held<clip>> clips;
    clips.push_back(make_clip(0, plain));
    const Half half(clips);

    EXPECT_EQ(sslact::feed_labels(half.view, 7, at::kCPU).sizes().vec(),
              (std::vector<int64_t>{0, 7}));
}

TEST(FeedVisible, StandsInTheOrderOfTheRows)
{
    const std::vector<Held<clip>> clips = make_mixed();
    Half half(clips);
    half.seen[0][1] = 0;
    half.seen[3][2] = 0;
    const at::Tensor visible = sslact::feed_visible(half.view, at::kCPU);

    EXPECT_EQ(visible.scalar_type(), at::kByte);
    const std::vector<int> expected = {1, 0, 1, 1, 1, 0, 1, 1};
    ASSERT_EQ(visible.size(0), 8);
    for (int64_t row = 0; row < 8; ++row) {
        EXPECT_EQ(visible[row].item<int>(), expected[row]) << row;
    }
}

TEST(FeedHalf, WithoutClipsGivesEmptyTensors)
{
    const batch_half none = {};

    EXPECT_TRUE(sslact::list_clips(none).empty());
    EXPECT_EQ(sslact::feed_visible(none, at::kCPU).size(0), 0);
    EXPECT_EQ(sslact::feed_labels(none, 3, at::kCPU).sizes().vec(), (std::vector<int64_t>{0, 3}));
}

} // namespace
