// Colour operations of the strong view against Pillow's output and numbers worked by hand.
#include "data/view_pixels.h"

#include <gtest/gtest.h>

#include <vector>

#include "view_pillow_cases.h"

namespace
{

std::vector<uint8_t> run(view_operation operation, double u, int sign, std::vector<uint8_t> frame,
                         int height, int width)
{
    std::vector<uint8_t> scratch(frame.size());
    pixels_apply(operation, u, sign, frame.data(), height, width, scratch.data());
    return frame;
}

// Grey levels as an RGB picture of one row.
std::vector<uint8_t> grey_row(const std::vector<int> &levels)
{
    std::vector<uint8_t> frame;
    for (int level : levels) {
        frame.insert(frame.end(), 3, static_cast<uint8_t>(level));
    }
    return frame;
}

std::vector<uint8_t> run_on_row(view_operation operation, double u, int sign,
                                const std::vector<int> &levels)
{
    return run(operation, u, sign, grey_row(levels), 1, static_cast<int>(levels.size()));
}

} // namespace

TEST(ViewPixels, GiveWhatPillowGivesByteForByte)
{
    for (const pillow_case &expected : PILLOW_CASES) {
        EXPECT_EQ(run(expected.operation, expected.u, expected.sign, expected.before,
                      expected.height, expected.width),
                  expected.after)
            << view_operation_get_name(expected.operation) << " u " << expected.u << " sign "
            << expected.sign;
    }
}

TEST(ViewPixels, AutoContrastStretchesToTheWholeRange)
{
    // 50, 60, 70: scale 255 / 20 = 12.75; (60 - 50) * 12.75 = 127.5, decimals cut off.
    EXPECT_EQ(run_on_row(VIEW_AUTOCONTRAST, 0.5, 1, {50, 60, 70}), grey_row({0, 127, 255}));
}

TEST(ViewPixels, AutoContrastLeavesOneLevelAlone)
{
    EXPECT_EQ(run_on_row(VIEW_AUTOCONTRAST, 0.5, 1, {50, 50}), grey_row({50, 50}));
    EXPECT_EQ(run_on_row(VIEW_AUTOCONTRAST, 0.5, 1, {0, 0}), grey_row({0, 0}));
    EXPECT_EQ(run_on_row(VIEW_AUTOCONTRAST, 0.5, 1, {255}), grey_row({255}));
}

TEST(ViewPixels, EqualizeSpreadsLevelsByTheirCounts)
{
    // 510 pixels of 10, 255 of 20, 100 of 30: step (865 - 100) / 255 = 3, half a step 1.
    // 10 -> 1 / 3 = 0, 20 -> 511 / 3 = 170, 30 -> 766 / 3 = 255.
    std::vector<int> levels(510, 10);
    levels.insert(levels.end(), 255, 20);
    levels.insert(levels.end(), 100, 30);
    std::vector<int> expected(510, 0);
    expected.insert(expected.end(), 255, 170);
    expected.insert(expected.end(), 100, 255);
    EXPECT_EQ(run_on_row(VIEW_EQUALIZE, 0.5, 1, levels), grey_row(expected));
}

TEST(ViewPixels, EqualizeTreatsEachChannelAlone)
{
    std::vector<uint8_t> frame;
    for (int pixel = 0; pixel < 520; pixel++) { // red has two levels, green and blue one
        frame.insert(frame.end(), {static_cast<uint8_t>(pixel % 2 ? 40 : 90), 50, 60});
    }
    std::vector<uint8_t> after = run(VIEW_EQUALIZE, 0.5, 1, frame, 26, 20);

    // step (520 - 260) / 255 = 1, half a step 0: 40 -> 0, 90 -> 260, cut to 255.
    EXPECT_EQ(after[0], 255);
    EXPECT_EQ(after[3], 0);
    EXPECT_EQ(after[1], 50);
    EXPECT_EQ(after[2], 60);
}

TEST(ViewPixels, PosterizeKeepsTheHighBits)
{
    std::vector<int> levels = {0, 1, 15, 16, 100, 255};
    EXPECT_EQ(run_on_row(VIEW_POSTERIZE, 0.0, 1, levels), grey_row(levels));
    // u 9 / 30: round(1.2) = 1 bit goes; u 0.5: two bits; u 1: four.
    EXPECT_EQ(run_on_row(VIEW_POSTERIZE, 0.3, 1, levels), grey_row({0, 0, 14, 16, 100, 254}));
    EXPECT_EQ(run_on_row(VIEW_POSTERIZE, 0.5, 1, levels), grey_row({0, 0, 12, 16, 100, 252}));
    EXPECT_EQ(run_on_row(VIEW_POSTERIZE, 1.0, 1, levels), grey_row({0, 0, 0, 16, 96, 240}));
}

TEST(ViewPixels, SolarizeInvertsFromTheThresholdUp)
{
    std::vector<int> levels = {0, 127, 128, 191, 192, 255};
    EXPECT_EQ(run_on_row(VIEW_SOLARIZE, 0.0, 1, levels), grey_row(levels));
    EXPECT_EQ(run_on_row(VIEW_SOLARIZE, 0.25, 1, levels), grey_row({0, 127, 128, 191, 63, 0}));
    EXPECT_EQ(run_on_row(VIEW_SOLARIZE, 0.5, 1, levels), grey_row({0, 127, 127, 64, 63, 0}));
    EXPECT_EQ(run_on_row(VIEW_SOLARIZE, 1.0, 1, levels), grey_row({255, 128, 127, 64, 63, 0}));
}

TEST(ViewPixels, BrightnessMultipliesAndCuts)
{
    // factor 1 + 0.9 * 0.5 = 1.45 and 0.55
    EXPECT_EQ(run_on_row(VIEW_BRIGHTNESS, 0.5, 1, {0, 100, 200}), grey_row({0, 145, 255}));
    EXPECT_EQ(run_on_row(VIEW_BRIGHTNESS, 0.5, -1, {0, 101, 201}), grey_row({0, 55, 110}));
}

TEST(ViewPixels, ContrastMovesAwayFromTheMeanOfThePicture)
{
    // mean (50 + 100 + 150) / 3 = 100; factor 1.45: 100 - 72.5, 100, 100 + 72.5
    EXPECT_EQ(run_on_row(VIEW_CONTRAST, 0.5, 1, {50, 100, 150}), grey_row({27, 100, 172}));
}

TEST(ViewPixels, ColorLeavesGreyPicturesAlone)
{
    EXPECT_EQ(run_on_row(VIEW_COLOR, 0.8, 1, {0, 99, 255}), grey_row({0, 99, 255}));
    EXPECT_EQ(run_on_row(VIEW_COLOR, 0.8, -1, {0, 99, 255}), grey_row({0, 99, 255}));
}

TEST(ViewPixels, SharpnessKeepsTheBorderAndLiftsAPeak)
{
    // A peak of 130 in a field of 0: smoothed 5 / 13 * 130 = 50, factor 1.45: 50 + 1.45 * 80.
    std::vector<int> levels(9, 0);
    levels[4] = 130;
    std::vector<int> expected = levels;
    expected[4] = 166;
    EXPECT_EQ(run(VIEW_SHARPNESS, 0.5, 1, grey_row(levels), 3, 3), grey_row(expected));
    EXPECT_EQ(run(VIEW_SHARPNESS, 0.5, 1, grey_row({9, 200, 3, 7}), 2, 2),
              grey_row({9, 200, 3, 7}));
}

TEST(ViewPixels, InvertAndIdentity)
{
    EXPECT_EQ(run_on_row(VIEW_INVERT, 0.1, 1, {0, 100, 255}), grey_row({255, 155, 0}));
    EXPECT_EQ(run_on_row(VIEW_IDENTITY, 1.0, 1, {0, 100, 255}), grey_row({0, 100, 255}));
}

TEST(ViewPixels, EnhancementsAtSeverityZeroChangeNothing)
{
    const std::vector<uint8_t> &before = PILLOW_CASES[4].before;
    for (view_operation operation : {VIEW_BRIGHTNESS, VIEW_COLOR, VIEW_CONTRAST, VIEW_SHARPNESS,
                                     VIEW_POSTERIZE, VIEW_SOLARIZE}) {
        EXPECT_EQ(run(operation, 0.0, 1, before, 6, 8), before)
            << view_operation_get_name(operation);
    }
}

TEST(ViewPixels, FlippingMirrorsRowsAndTwiceIsNothing)
{
    std::vector<uint8_t> frame = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}; // 2 x 2
    std::vector<uint8_t> once(frame.size());
    std::vector<uint8_t> twice(frame.size());

    pixels_flip(frame.data(), 2, 2, once.data());
    pixels_flip(once.data(), 2, 2, twice.data());

    EXPECT_EQ(once, (std::vector<uint8_t>{4, 5, 6, 1, 2, 3, 10, 11, 12, 7, 8, 9}));
    EXPECT_EQ(twice, frame);
}
