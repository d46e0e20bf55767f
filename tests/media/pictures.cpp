// Resizing, PNG, frame folders and the conversion to RGB.
#include <cmath>

#include "media_test.h"
#include "resize_pillow_cases.h"
#include "streams.h"

extern "C" {
#include "media/convert.h"
}

using namespace media_test;

namespace
{

std::vector<uint8_t> noise(int width, int height, uint64_t seed)
{
    Dice dice(seed);
    std::vector<uint8_t> rgb(static_cast<size_t>(width) * height * 3);
    for (uint8_t &value : rgb) {
        value = static_cast<uint8_t>(dice.roll(256));
    }
    return rgb;
}

// The definition, slowly: one direction of a plane of doubles, a triangle of half-width
// max(scale, 1) around each centre, normalised over what lies inside.
std::vector<double> resize_line(const std::vector<double> &line, int size)
{
    double scale = static_cast<double>(line.size()) / size, width = std::max(scale, 1.0);
    std::vector<double> out(static_cast<size_t>(size));
    for (int n = 0; n < size; n++) {
        double centre = (n + 0.5) * scale, sum = 0, weights = 0;
        for (size_t k = 0; k < line.size(); k++) {
            double weight =
                std::max(0.0, 1 - std::fabs(static_cast<double>(k) + 0.5 - centre) / width);
            sum += weight * line[k];
            weights += weight;
        }
        out[static_cast<size_t>(n)] = sum / weights;
    }
    return out;
}

// Rows, then columns; the 8-bit rounding between the passes is part of the definition.
std::vector<double> resize_slowly(const std::vector<uint8_t> &rgb, int width, int height,
                                  int out_width, int out_height)
{
    std::vector<double> out(static_cast<size_t>(out_width) * out_height * 3);
    for (int c = 0; c < 3; c++) {
        std::vector<std::vector<double>> rows;
        for (int y = 0; y < height; y++) {
            std::vector<double> line;
            for (int x = 0; x < width; x++) {
                line.push_back(rgb[(static_cast<size_t>(y) * width + x) * 3 + c]);
            }
            rows.push_back(resize_line(line, out_width));
            for (double &value : rows.back()) {
                value = std::floor(value + 0.5);
            }
        }
        for (int x = 0; x < out_width; x++) {
            std::vector<double> line;
            for (int y = 0; y < height; y++) {
                line.push_back(rows[static_cast<size_t>(y)][static_cast<size_t>(x)]);
            }
            line = resize_line(line, out_height);
            for (int y = 0; y < out_height; y++) {
                out[(static_cast<size_t>(y) * out_width + x) * 3 + c] =
                    line[static_cast<size_t>(y)];
            }
        }
    }
    return out;
}

struct Decoded {
    int width = 0, height = 0;
    std::vector<uint8_t> rgb;
};

sslact_status keep_rgb(const picture *p, size_t, void *user)
{
    Decoded *out = static_cast<Decoded *>(user);
    EXPECT_EQ(p->format, AV_PIX_FMT_RGB24);
    out->width = p->width;
    out->height = p->height;
    for (int y = 0; y < p->height; y++) {
        const uint8_t *row = p->planes[0] + static_cast<ptrdiff_t>(y) * p->strides[0];
        out->rgb.insert(out->rgb.end(), row, row + 3 * p->width);
    }
    return SSLACT_OK;
}

} // namespace

TEST(ImageResize, StaysWithinOneLevelOfTheSlowDefinition)
{
    struct Size {
        int width, height, out_width, out_height;
    };
    double worst = 0;
    for (Size s : {Size{64, 48, 45, 34}, Size{45, 34, 64, 48}, Size{33, 77, 11, 7},
                   Size{7, 5, 1, 1}, Size{1, 1, 6, 9}, Size{40, 30, 40, 13}, Size{40, 30, 17, 30},
                   Size{2, 3, 31, 2}, Size{200, 100, 3, 2}, Size{5, 4, 5, 4}, Size{1, 90, 4, 8}}) {
        std::vector<uint8_t> rgb = noise(s.width, s.height, 3);
        std::vector<uint8_t> out(static_cast<size_t>(s.out_width) * s.out_height * 3);
        ASSERT_EQ(image_resize(rgb.data(), s.width, s.height, s.width * 3, out.data(), s.out_width,
                               s.out_height),
                  SSLACT_OK);
        std::vector<double> slow = resize_slowly(rgb, s.width, s.height, s.out_width, s.out_height);
        for (size_t k = 0; k < out.size(); k++) {
            worst = std::max(worst, std::fabs(out[k] - slow[k]));
        }
    }
    // Half a level is the last rounding; the rest is 13-bit weights, and a value between the
    // passes that they round the other way.
    EXPECT_LE(worst, 1.0);
    RecordProperty("worst_difference_in_levels", std::to_string(worst));
}

TEST(ImageResize, StaysWithinOneLevelOfPillowAndMostlyEqualsIt)
{
    for (const resize_case &c : RESIZE_PILLOW_CASES) {
        std::vector<uint8_t> out(c.after.size());
        ASSERT_EQ(image_resize(c.before.data(), c.width, c.height, c.width * 3, out.data(),
                               c.out_width, c.out_height),
                  SSLACT_OK);
        int worst = 0;
        size_t different = 0;
        for (size_t k = 0; k < out.size(); k++) {
            worst = std::max(worst, std::abs(out[k] - c.after[k]));
            different += out[k] != c.after[k] ? 1 : 0;
        }
        EXPECT_LE(worst, 1) << c.width << " to " << c.out_width;
        EXPECT_LE(different * 100, out.size()) << c.width << " to " << c.out_width;
    }
}

TEST(ImageResize, LeavesAnEvenColourAloneAtEverySize)
{
    for (int side : {1, 2, 3, 29, 64, 100, 257}) {
        std::vector<uint8_t> rgb(64 * 64 * 3);
        for (size_t k = 0; k < rgb.size(); k += 3) {
            rgb[k] = 255, rgb[k + 1] = 0, rgb[k + 2] = 137;
        }
        std::vector<uint8_t> out(static_cast<size_t>(side) * side * 3);
        ASSERT_EQ(image_resize(rgb.data(), 64, 64, 64 * 3, out.data(), side, side), SSLACT_OK);
        for (size_t k = 0; k < out.size(); k += 3) {
            ASSERT_EQ(out[k], 255);
            ASSERT_EQ(out[k + 1], 0);
            ASSERT_EQ(out[k + 2], 137);
        }
    }
}

TEST(ImageResize, ReadsRowsThatAreFurtherApartThanTheirPixels)
{
    std::vector<uint8_t> packed = noise(10, 6, 4), spaced(6 * 50);
    for (int y = 0; y < 6; y++) {
        std::copy_n(&packed[static_cast<size_t>(y) * 30], 30, &spaced[static_cast<size_t>(y) * 50]);
    }
    std::vector<uint8_t> a(7 * 4 * 3), b(7 * 4 * 3);

    ASSERT_EQ(image_resize(packed.data(), 10, 6, 30, a.data(), 7, 4), SSLACT_OK);
    ASSERT_EQ(image_resize(spaced.data(), 10, 6, 50, b.data(), 7, 4), SSLACT_OK);

    EXPECT_EQ(a, b);
}

TEST(ImageResize, RefusesSizesThatMakeNoSense)
{
    uint8_t pixel[3] = {0, 0, 0};
    for (auto [width, height, out_width, out_height, stride] :
         {std::array{0, 1, 1, 1, 3}, std::array{1, -1, 1, 1, 3}, std::array{1, 1, 0, 1, 3},
          std::array{1, 1, 1, 1 << 30, 3}, std::array{1, 1, 1, 1, 2}}) {
        EXPECT_EQ(image_resize(pixel, width, height, stride, pixel, out_width, out_height),
                  SSLACT_ERROR_INVALID_ARGUMENT);
    }
}

TEST(Png, AWrittenPictureReadsBackEqual)
{
    TemporaryFolder folder;
    std::vector<uint8_t> rgb = noise(37, 21, 9);

    ASSERT_EQ(image_write_png((folder / "a.png").c_str(), rgb.data(), 37, 21), SSLACT_OK)
        << sslact_error_get_message();

    Video v = open_video(folder.path()); // the only picture in it: a video of one frame
    Decoded back;
    int64_t frame = 0;
    ASSERT_EQ(video_read(v.get(), &frame, 1, keep_rgb, &back), SSLACT_OK);
    EXPECT_EQ(back.width, 37);
    EXPECT_EQ(back.height, 21);
    EXPECT_EQ(back.rgb, rgb);
}

TEST(Png, BytesInMemoryAreTheFilesAndAlwaysTheSame)
{
    TemporaryFolder folder;
    std::vector<uint8_t> rgb = noise(16, 16, 2);
    uint8_t *data = nullptr;
    size_t size = 0;
    ASSERT_EQ(image_encode_png(rgb.data(), 16, 16, &data, &size), SSLACT_OK);
    std::vector<char> bytes(reinterpret_cast<char *>(data), reinterpret_cast<char *>(data) + size);
    free(data);

    ASSERT_EQ(image_write_png((folder / "a.png").c_str(), rgb.data(), 16, 16), SSLACT_OK);

    EXPECT_EQ(read_bytes(folder / "a.png"), bytes);
}

TEST(Png, NothingIsLeftWhereItCannotBeWritten)
{
    TemporaryFolder folder;
    uint8_t pixel[3] = {1, 2, 3};

    EXPECT_LT(image_write_png((folder / "no/such/folder.png").c_str(), pixel, 1, 1), 0);
    EXPECT_EQ(image_write_png((folder / "a.png").c_str(), pixel, 0, 1),
              SSLACT_ERROR_INVALID_ARGUMENT);
    EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

TEST(FrameFolder, PicturesInTheByteOrderOfTheirNamesAreFramesAtAConstantRate)
{
    TemporaryFolder folder;
    std::vector<std::string> names = {"a10.png", "a9.png", "B.PNG", "\xc3\xa9.png"};
    // In byte order: B.PNG, a10.png, a9.png, e with accent.
    std::vector<int> order = {2, 0, 1, 3};
    std::vector<std::vector<uint8_t>> pictures;
    for (size_t k = 0; k < names.size(); k++) {
        pictures.push_back(noise(12, 8, k));
        ASSERT_EQ(image_write_png((folder / names[k]).c_str(), pictures[k].data(), 12, 8),
                  SSLACT_OK);
    }
    write_bytes(folder / "notes.txt", "x", 1);
    write_bytes(folder / ".hidden.png", "x", 1);
    video_options options = {};
    options.folder_frame_rate = 10;
    Video v = open_video(folder.path(), options);
    ASSERT_TRUE(v);
    video_info info;
    video_describe(v.get(), &info);

    EXPECT_EQ(info.frame_count, 4);
    EXPECT_EQ(info.width, 12);
    EXPECT_EQ(info.height, 8);
    EXPECT_STREQ(info.codec, "png");
    EXPECT_DOUBLE_EQ(info.duration_seconds, 0.3);
    EXPECT_EQ(video_find_frame(v.get(), 0.25), 2);
    std::vector<int64_t> frames = {3, 0, 2, 0, 1};
    std::vector<uint8_t> rgb(5 * 12 * 8 * 3);
    ASSERT_EQ(video_read_rgb(v.get(), frames.data(), 5, 12, 8, rgb.data()), SSLACT_OK)
        << sslact_error_get_message();
    for (size_t k = 0; k < 5; k++) {
        const std::vector<uint8_t> &expected =
            pictures[static_cast<size_t>(order[static_cast<size_t>(frames[k])])];
        EXPECT_TRUE(std::equal(expected.begin(), expected.end(), rgb.begin() + k * 12 * 8 * 3))
            << k;
    }
}

TEST(FrameFolder, ABrokenOrEmptyFolderIsReportedByTheNameOfThePicture)
{
    TemporaryFolder folder;
    video *raw = nullptr;
    EXPECT_EQ(video_open(folder.path().c_str(), nullptr, &raw), SSLACT_ERROR_NOT_FOUND);
    std::vector<uint8_t> rgb = noise(40, 40, 1);
    for (const char *name : {"1.png", "2.png", "3.png"}) {
        ASSERT_EQ(image_write_png((folder / name).c_str(), rgb.data(), 40, 40), SSLACT_OK);
    }
    std::vector<char> bytes = read_bytes(folder / "2.png");
    write_bytes(folder / "2.png", bytes.data(), bytes.size() / 20);
    Video v = open_video(folder.path());

    Seen seen = read_sums(v.get(), all_frames(v.get()));

    EXPECT_EQ(seen.status, SSLACT_ERROR_DECODE);
    EXPECT_EQ(seen.sums.size(), 1U);
    EXPECT_NE(seen.message.find("2.png"), std::string::npos) << seen.message;
    EXPECT_EQ(read_sums(v.get(), {2}).sums.size(), 1U);
}

namespace
{

// Names of pictures in an order of their own.
struct Listed {
    std::vector<std::string> paths;
    static sslact_status get(const void *user, size_t, int64_t frame, text *path)
    {
        text_clear(path);
        text_append(path, static_cast<const Listed *>(user)->paths[frame].c_str());
        return text_status(path);
    }
    video_pictures pictures() const { return {static_cast<int64_t>(paths.size()), get, this, 0}; }
};

} // namespace

TEST(PictureList, GivesThePicturesOfThePaddedFolderInTheOrderOfTheList)
{
    TemporaryFolder padded, unpadded;
    Listed listed;
    for (int n = 0; n < 12; n++) {
        char name[16];
        std::snprintf(name, sizeof name, "%06d.png", n);
        std::vector<uint8_t> rgb = noise(12, 8, static_cast<uint64_t>(n));
        listed.paths.push_back(unpadded / ("img_" + std::to_string(n) + ".png"));
        ASSERT_EQ(image_write_png((padded / name).c_str(), rgb.data(), 12, 8), SSLACT_OK);
        ASSERT_EQ(image_write_png(listed.paths.back().c_str(), rgb.data(), 12, 8), SSLACT_OK);
    }
    video_options options = {};
    options.folder_frame_rate = 30;
    const video_pictures pictures = listed.pictures();
    video *raw = nullptr;
    ASSERT_EQ(video_open_pictures("list", &pictures, &options, &raw), SSLACT_OK)
        << sslact_error_get_message();
    Video v(raw), folder = open_video(padded.path(), options);

    ASSERT_EQ(video_count_frames(v.get()), 12);
    EXPECT_DOUBLE_EQ(video_get_time(v.get(), 11), 11 / 30.0);
    const Seen seen = read_sums(v.get(), all_frames(v.get()));
    EXPECT_EQ(seen.sums.size(), 12U) << seen.message;
    EXPECT_EQ(seen.sums, read_sums(folder.get(), all_frames(folder.get())).sums);
}

TEST(PictureList, RefusesPicturesOfAnotherSizeMissingOnesAndAnEmptyList)
{
    TemporaryFolder folder;
    Listed listed;
    std::vector<uint8_t> rgb = noise(12, 8, 1);
    for (const char *name : {"a.png", "b.png", "c.png"}) {
        listed.paths.push_back(folder / name);
    }
    ASSERT_EQ(image_write_png(listed.paths[0].c_str(), rgb.data(), 12, 8), SSLACT_OK);
    ASSERT_EQ(image_write_png(listed.paths[1].c_str(), rgb.data(), 8, 12), SSLACT_OK);
    video_pictures pictures = listed.pictures();
    video *raw = nullptr;
    ASSERT_EQ(video_open_pictures("list", &pictures, nullptr, &raw), SSLACT_OK);
    Video v(raw);

    EXPECT_EQ(read_sums(v.get(), {0}).status, SSLACT_OK);
    const Seen other = read_sums(v.get(), {1});
    EXPECT_EQ(other.status, SSLACT_ERROR_DECODE);
    EXPECT_EQ(other.message,
              listed.paths[1] + ": 8 x 12 pixels, the first picture of list has 12 x 8");
    const Seen absent = read_sums(v.get(), {2});
    EXPECT_LT(absent.status, 0);
    EXPECT_EQ(absent.message.rfind(listed.paths[2], 0), 0U) << absent.message;

    pictures.count = 0;
    raw = nullptr;
    EXPECT_EQ(video_open_pictures("list", &pictures, nullptr, &raw), SSLACT_ERROR_INVALID_ARGUMENT);
    EXPECT_EQ(raw, nullptr);
}

TEST(Rgb, UnorderedAndRepeatedFramesComeOutWhereTheyWereAskedFor)
{
    TemporaryFolder folder;
    encode_video(folder / "a.mp4", 96, 64, 30);
    Video v = open_video(folder / "a.mp4");
    std::vector<int64_t> frames = {17, 3, 17, 29, 0, 3};
    constexpr size_t bytes = 48 * 32 * 3;
    std::vector<uint8_t> together(frames.size() * bytes), alone(bytes);

    ASSERT_EQ(video_read_rgb(v.get(), frames.data(), frames.size(), 48, 32, together.data()),
              SSLACT_OK);

    for (size_t k = 0; k < frames.size(); k++) {
        ASSERT_EQ(video_read_rgb(v.get(), &frames[k], 1, 48, 32, alone.data()), SSLACT_OK);
        EXPECT_TRUE(std::equal(alone.begin(), alone.end(), together.begin() + k * bytes)) << k;
    }
    EXPECT_EQ(video_read_rgb(v.get(), frames.data(), 1, 0, 32, alone.data()),
              SSLACT_ERROR_INVALID_ARGUMENT);
}

TEST(Rgb, ColoursSurviveEncodingAndDecodingWithinAFewLevels)
{
    TemporaryFolder folder;
    for (int height : {64, 720}) { // BT.601 and BT.709
        std::vector<uint8_t> rgb(static_cast<size_t>(64) * height * 3), back(rgb.size());
        for (size_t k = 0; k < rgb.size(); k += 3) {
            rgb[k] = 200, rgb[k + 1] = 60, rgb[k + 2] = 90;
        }
        encoder_options options = {};
        options.width = 64, options.height = height, options.rate_numerator = 25;
        options.rate_denominator = 1, options.quality = 5;
        encoder *e = nullptr;
        ASSERT_EQ(encoder_open((folder / "c.mp4").c_str(), &options, &e), SSLACT_OK);
        ASSERT_EQ(encoder_write(e, rgb.data()), SSLACT_OK);
        ASSERT_EQ(encoder_finish(e), SSLACT_OK);
        Video v = open_video(folder / "c.mp4");
        int64_t frame = 0;
        ASSERT_EQ(video_read_rgb(v.get(), &frame, 1, 64, height, back.data()), SSLACT_OK);
        for (size_t k = 0; k < 3; k++) {
            EXPECT_NEAR(back[back.size() / 2 / 3 * 3 + k], rgb[k], 3) << "height " << height;
        }
    }
}

TEST(Fit, TheShorterSideIsGivenAndTheLongerIsTruncated)
{
    TemporaryFolder folder;
    encode_video(folder / "wide.mp4", 100, 64, 1);
    encode_video(folder / "tall.mp4", 64, 100, 1);
    int32_t width, height;

    video_fit(open_video(folder / "wide.mp4").get(), 50, &width, &height);
    EXPECT_EQ(width, 78); // 100 / 64 * 50 = 78.125
    EXPECT_EQ(height, 50);
    video_fit(open_video(folder / "tall.mp4").get(), 50, &width, &height);
    EXPECT_EQ(width, 50);
    EXPECT_EQ(height, 78);
    video_fit(open_video(folder / "tall.mp4").get(), 0, &width, &height);
    EXPECT_EQ(width, 64);
    EXPECT_EQ(height, 100);
}

TEST(Orientation, DisplayMatricesTurnPicturesAsPlayersDo)
{
    // Rows of the matrix: a b u, c d v, x y w in fixed point; (x, y) is shown at (ax+cy, bx+dy).
    constexpr int32_t one = 1 << 16;
    struct Case {
        int32_t a, b, c, d;
        int32_t degrees;
        bool transpose, mirror_x, mirror_y;
    };
    for (Case k : {Case{one, 0, 0, one, 0, false, false, false},
                   Case{0, one, -one, 0, 90, true, true, false},
                   Case{-one, 0, 0, -one, 180, false, true, true},
                   Case{0, -one, one, 0, 270, true, false, true},
                   Case{-one, 0, 0, one, 0, false, true, false}}) {
        int32_t matrix[9] = {k.a, k.b, 0, k.c, k.d, 0, 0, 0, 1 << 30};
        orientation turn = orientation_from_matrix(matrix);
        EXPECT_EQ(turn.transpose, k.transpose);
        EXPECT_EQ(turn.mirror_x, k.mirror_x);
        EXPECT_EQ(turn.mirror_y, k.mirror_y);
        EXPECT_EQ(orientation_get_degrees(turn), k.degrees);
    }
    EXPECT_EQ(orientation_get_degrees(orientation_from_matrix(nullptr)), 0);
}
