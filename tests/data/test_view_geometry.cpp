// Operations that move pixels and boxes, against a slow double precision twin.
#include "data/view_geometry.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

#include "geometry_pillow_cases.h"

namespace
{

constexpr double PI = 3.14159265358979323846;

std::vector<uint8_t> noise(int height, int width, unsigned seed)
{
    std::mt19937 generator(seed);
    std::vector<uint8_t> frame(static_cast<size_t>(height) * width * 3);
    for (uint8_t &value : frame) {
        value = static_cast<uint8_t>(generator());
    }
    return frame;
}

std::vector<uint8_t> resample(const std::vector<uint8_t> &frame, int height, int width, affine map)
{
    std::vector<uint8_t> target(frame.size());
    geometry_resample(frame.data(), height, width, map, target.data());
    return target;
}

// Where the operation takes a point, written out from the table of method.md section 8.
void move_point(view_operation operation, double amount, int height, int width, double x, double y,
                double *to_x, double *to_y)
{
    double cx = width / 2.0, cy = height / 2.0;
    double angle = amount * 30 * PI / 180;
    *to_x = x;
    *to_y = y;
    switch (operation) {
    case VIEW_ROTATE:
        *to_x = cx + (x - cx) * std::cos(angle) - (y - cy) * std::sin(angle);
        *to_y = cy + (x - cx) * std::sin(angle) + (y - cy) * std::cos(angle);
        break;
    case VIEW_SHEAR_X:
        *to_x = x + 0.3 * amount * (y - cy);
        break;
    case VIEW_SHEAR_Y:
        *to_y = y + 0.3 * amount * (x - cx);
        break;
    case VIEW_TRANSLATE_X:
        *to_x = x + 0.45 * amount * width;
        break;
    case VIEW_TRANSLATE_Y:
        *to_y = y + 0.45 * amount * height;
        break;
    default:
        break;
    }
}

const std::vector<view_operation> MOVING = {VIEW_ROTATE, VIEW_SHEAR_X, VIEW_SHEAR_Y,
                                            VIEW_TRANSLATE_X, VIEW_TRANSLATE_Y};

int clamped(int index, int count)
{
    return index < 0 ? 0 : index >= count ? count - 1 : index;
}

// Bilinear sample at continuous (x, y); NAN outside the picture.
double sample(const std::vector<uint8_t> &frame, int height, int width, double x, double y,
              int channel)
{
    if (!(x >= 0 && x < width && y >= 0 && y < height)) {
        return NAN;
    }
    double left = std::floor(x - 0.5), top = std::floor(y - 0.5);
    double sum = 0;
    for (int corner = 0; corner < 4; corner++) {
        int dx = corner & 1, dy = corner >> 1;
        double weight_x = dx ? x - 0.5 - left : 1 - (x - 0.5 - left);
        double weight_y = dy ? y - 0.5 - top : 1 - (y - 0.5 - top);
        size_t column = static_cast<size_t>(clamped(static_cast<int>(left) + dx, width));
        size_t row = static_cast<size_t>(clamped(static_cast<int>(top) + dy, height));
        sum += weight_x * weight_y * frame[(row * width + column) * 3 + channel];
    }
    return sum;
}

// Largest difference to the slow twin over all pixels; a pixel whose origin lies on the border
// line itself may be empty or not.
double compare(const std::vector<uint8_t> &frame, int height, int width, affine map,
               const std::vector<uint8_t> &got)
{
    affine back = affine_invert(map);
    double worst = 0;
    for (int row = 0; row < height; row++) {
        for (int column = 0; column < width; column++) {
            double x = back.xx * (column + 0.5) + back.xy * (row + 0.5) + back.x0;
            double y = back.yx * (column + 0.5) + back.yy * (row + 0.5) + back.y0;
            double border = std::fmin(std::fmin(std::fabs(x), std::fabs(x - width)),
                                      std::fmin(std::fabs(y), std::fabs(y - height)));
            for (int channel = 0; border > 1e-6 && channel < 3; channel++) {
                double expected = sample(frame, height, width, x, y, channel);
                expected = std::isnan(expected) ? 115.0 : expected; // 0.45 * 255
                double value = got[(static_cast<size_t>(row) * width + column) * 3 + channel];
                worst = std::fmax(worst, std::fabs(value - expected));
            }
        }
    }
    return worst;
}

} // namespace

TEST(ViewGeometry, MapsPointsAsTheTableSays)
{
    for (view_operation operation : MOVING) {
        for (int sign : {-1, 1}) {
            affine map = geometry_make(operation, 0.7, sign, 40, 60);
            double x, y;
            move_point(operation, 0.7 * sign, 40, 60, 11.5, 33.25, &x, &y);
            EXPECT_NEAR(map.xx * 11.5 + map.xy * 33.25 + map.x0, x, 1e-12);
            EXPECT_NEAR(map.yx * 11.5 + map.yy * 33.25 + map.y0, y, 1e-12);
        }
    }
}

TEST(ViewGeometry, SeverityZeroMovesNothing)
{
    std::vector<uint8_t> frame = noise(13, 17, 1);
    for (view_operation operation : MOVING) {
        EXPECT_EQ(resample(frame, 13, 17, geometry_make(operation, 0.0, 1, 13, 17)), frame)
            << view_operation_get_name(operation);
    }
}

TEST(ViewGeometry, AWholePixelTranslationCopiesAndFillsWithTheMean)
{
    // 0.45 * (1 / 0.9) * 10 columns = 5 columns to the right
    std::vector<uint8_t> frame = noise(4, 10, 2);
    std::vector<uint8_t> moved =
        resample(frame, 4, 10, geometry_make(VIEW_TRANSLATE_X, 1 / 0.9, 1, 4, 10));
    for (size_t row = 0; row < 4; row++) {
        for (size_t b = 0; b < 15; b++) {
            EXPECT_EQ(moved[row * 30 + b], 115);
            EXPECT_EQ(moved[row * 30 + 15 + b], frame[row * 30 + b]);
        }
    }
}

TEST(ViewGeometry, ResamplesLikeTheSlowTwin)
{
    // Weights have 10 bits: an error of 2 * 255 / 1024, and half a level from rounding.
    for (auto [height, width] : {std::pair{31, 47}, {1, 9}, {9, 1}, {1, 1}, {2, 3}}) {
        std::vector<uint8_t> frame = noise(height, width, 3);
        for (view_operation operation : MOVING) {
            for (double u : {0.01, 0.33, 1.0}) {
                for (int sign : {-1, 1}) {
                    affine map = geometry_make(operation, u, sign, height, width);
                    EXPECT_LT(
                        compare(frame, height, width, map, resample(frame, height, width, map)),
                        1.0)
                        << view_operation_get_name(operation) << " u " << u << " sign " << sign
                        << " of " << height << " x " << width;
                }
            }
        }
    }
}

TEST(ViewGeometry, ResamplesAnyInvertibleMapLikeTheSlowTwin)
{
    std::mt19937 generator(4);
    std::uniform_real_distribution<double> part(-2.0, 2.0), shift(-40.0, 40.0);
    std::vector<uint8_t> frame = noise(23, 29, 5);
    for (int trial = 0; trial < 300; trial++) {
        affine map = {part(generator), part(generator), shift(generator),
                      part(generator), part(generator), shift(generator)};
        if (std::fabs(map.xx * map.yy - map.xy * map.yx) < 0.05) {
            continue;
        }
        EXPECT_LT(compare(frame, 23, 29, map, resample(frame, 23, 29, map)), 1.0);
    }
}

TEST(ViewGeometry, APictureMovedOutIsEmpty)
{
    std::vector<uint8_t> frame = noise(5, 7, 6);
    affine map = affine_identity();
    for (double x : {-7.0, 7.0, 1000.0}) {
        map.x0 = x;
        EXPECT_EQ(resample(frame, 5, 7, map), std::vector<uint8_t>(frame.size(), 115));
    }
}

// Pillow computes weights in floating point and cuts decimals off, we round: a level apart at most.
// (An origin exactly on the border of the picture may be inside for one and outside for the other;
// the cases have none.)
TEST(ViewGeometry, MovesPicturesAsPillowDoes)
{
    for (const pillow_move &expected : PILLOW_MOVES) {
        const affine map = geometry_make(expected.operation, expected.u, expected.sign,
                                         PILLOW_HEIGHT, PILLOW_WIDTH);
        const std::vector<uint8_t> moved =
            resample(PILLOW_PICTURE, PILLOW_HEIGHT, PILLOW_WIDTH, map);
        size_t apart = 0;
        for (size_t b = 0; b < moved.size(); b++) {
            apart += std::abs(moved[b] - expected.after[b]) > 1;
        }
        EXPECT_EQ(apart, 0u) << view_operation_get_name(expected.operation) << " u " << expected.u
                             << " sign " << expected.sign;
        EXPECT_NE(moved, PILLOW_PICTURE);
    }
}

TEST(ViewGeometry, JoiningIsOneAfterTheOther)
{
    affine first = geometry_make(VIEW_ROTATE, 0.5, 1, 20, 30);
    affine second = geometry_make(VIEW_TRANSLATE_X, 1.0, -1, 20, 30);
    affine both = affine_join(first, second);
    double x = first.xx * 4 + first.xy * 5 + first.x0 - 0.45 * 30;
    EXPECT_NEAR(both.xx * 4 + both.xy * 5 + both.x0, x, 1e-12);

    affine nothing = affine_join(both, affine_invert(both));
    EXPECT_NEAR(nothing.xx, 1.0, 1e-12);
    EXPECT_NEAR(nothing.xy, 0.0, 1e-12);
    EXPECT_NEAR(nothing.x0, 0.0, 1e-12);
    EXPECT_NEAR(nothing.y0, 0.0, 1e-12);
}

TEST(ViewGeometry, BoxesFollowTheCornersAndAreClipped)
{
    for (view_operation operation : MOVING) {
        sslact_box box = {0.2f, 0.3f, 0.5f, 0.9f};
        affine map = geometry_make(operation, 0.6, -1, 40, 60);
        double x1 = 1e9, y1 = 1e9, x2 = -1e9, y2 = -1e9;
        for (float x : {box.x1, box.x2}) {
            for (float y : {box.y1, box.y2}) {
                double to_x, to_y;
                move_point(operation, -0.6, 40, 60, x * 60.0, y * 40.0, &to_x, &to_y);
                x1 = std::fmin(x1, to_x / 60);
                x2 = std::fmax(x2, to_x / 60);
                y1 = std::fmin(y1, to_y / 40);
                y2 = std::fmax(y2, to_y / 40);
            }
        }
        geometry_map_box(map, 40, 60, &box);
        EXPECT_NEAR(box.x1, std::fmax(x1, 0.0), 1e-6);
        EXPECT_NEAR(box.y1, std::fmax(y1, 0.0), 1e-6);
        EXPECT_NEAR(box.x2, std::fmin(x2, 1.0), 1e-6);
        EXPECT_NEAR(box.y2, std::fmin(y2, 1.0), 1e-6);
    }
}

TEST(ViewGeometry, ABoxIsLostWhenLessThanAQuarterStays)
{
    affine map = affine_identity();
    // A box from 0.6 to 0.8 of 100 pixels, moved right: a quarter of it stays at 35 pixels.
    for (auto [shift, stays] : {std::pair{0.0, true},
                                {30.0, true},
                                {34.9, true},
                                {35.1, false},
                                {40.0, false},
                                {90.0, false}}) {
        sslact_box box = {0.6f, 0.1f, 0.8f, 0.5f};
        map.x0 = shift;
        EXPECT_EQ(geometry_map_box(map, 50, 100, &box), stays) << shift;
        EXPECT_GE(box.x1, 0.0f);
        EXPECT_LE(box.x2, 1.0f);
        EXPECT_LE(box.x1, box.x2);
    }
}

TEST(ViewGeometry, APaintedRectangleIsFoundWhereItsBoxGoes)
{
    constexpr int HEIGHT = 80, WIDTH = 120;
    std::vector<uint8_t> frame(HEIGHT * WIDTH * 3, 0);
    sslact_box box = {40.0f / WIDTH, 30.0f / HEIGHT, 70.0f / WIDTH, 50.0f / HEIGHT};
    for (size_t row = 30; row < 50; row++) {
        std::fill_n(frame.begin() + static_cast<ptrdiff_t>((row * WIDTH + 40) * 3), 30 * 3, 255);
    }
    for (view_operation operation : MOVING) {
        for (int sign : {-1, 1}) {
            affine map = geometry_make(operation, 0.5, sign, HEIGHT, WIDTH);
            std::vector<uint8_t> moved = resample(frame, HEIGHT, WIDTH, map);
            int x1 = WIDTH, y1 = HEIGHT, x2 = 0, y2 = 0;
            for (int row = 0; row < HEIGHT; row++) {
                for (int column = 0; column < WIDTH; column++) {
                    if (moved[static_cast<size_t>(row * WIDTH + column) * 3] > 180) {
                        x1 = std::min(x1, column);
                        x2 = std::max(x2, column + 1);
                        y1 = std::min(y1, row);
                        y2 = std::max(y2, row + 1);
                    }
                }
            }
            sslact_box mapped = box;
            ASSERT_TRUE(geometry_map_box(map, HEIGHT, WIDTH, &mapped));
            // The bright part is up to two pixels short of a sharp corner.
            EXPECT_NEAR(mapped.x1 * WIDTH, x1, 2.0) << view_operation_get_name(operation) << sign;
            EXPECT_NEAR(mapped.x2 * WIDTH, x2, 2.0) << view_operation_get_name(operation) << sign;
            EXPECT_NEAR(mapped.y1 * HEIGHT, y1, 2.0) << view_operation_get_name(operation) << sign;
            EXPECT_NEAR(mapped.y2 * HEIGHT, y2, 2.0) << view_operation_get_name(operation) << sign;
        }
    }
}
