// Letters, drawing and the contact sheet: what is drawn where, down to the pixel.
#include "report/sheet.h"

#include <cmath>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include <gtest/gtest.h>

#include "report/lettering.h"

namespace
{

using Color = std::tuple<int, int, int>;
constexpr Color white = {255, 255, 255}, black = {0, 0, 0};

struct Freer {
    void operator()(drawing *d) const { drawing_free(d); }
};
using Drawing = std::unique_ptr<drawing, Freer>;

Drawing make_drawing(int width, int height, drawing_color background = {255, 255, 255})
{
    drawing *made = nullptr;
    EXPECT_EQ(drawing_create(width, height, background, &made), SSLACT_OK);
    return Drawing(made);
}

Color look(const Drawing &d, int x, int y)
{
    const uint8_t *p = d->pixels + (static_cast<size_t>(y) * d->width + x) * 3;
    return {p[0], p[1], p[2]};
}

size_t count_dark(const Drawing &d, int left, int top, int right, int bottom)
{
    size_t count = 0;
    for (int y = top; y < bottom; y++) {
        for (int x = left; x < right; x++) {
            count += std::get<0>(look(d, x, y)) < 128;
        }
    }
    return count;
}

// --- letters ---

TEST(Lettering, EveryPrintableCharacterIsAShapeOfItsOwnOnTheGrid)
{
    std::set<std::string> shapes;
    for (char c = '!'; c <= '~'; c++) {
        const char word[] = {c, '\0'};
        const char *at = word;
        const std::string strokes = lettering_get_strokes(&at);
        EXPECT_EQ(at, word + 1);
        EXPECT_TRUE(shapes.insert(strokes).second) << c;
        for (size_t i = 0, pair = 0; i < strokes.size(); i++) {
            if (strokes[i] == ' ') {
                EXPECT_EQ(pair % 2, 0u) << c << ": a point is x and y";
                EXPECT_GE(pair, 4u) << c << ": one point is written twice";
                pair = 0;
                continue;
            }
            EXPECT_TRUE(strokes[i] >= '0' && strokes[i] <= '9') << c;
            pair++;
        }
    }
    EXPECT_EQ(shapes.size(), 94u);
}

TEST(Lettering, OtherCharactersAreOneBoxEach)
{
    for (const char *word :
         {"\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x98\x80", "\xff", "\x01", "\xc3"}) {
        const char *at = word;
        EXPECT_STREQ(lettering_get_strokes(&at), "0040470700");
        EXPECT_EQ(at, word + std::strlen(word));
    }
    const char *cut = "\xe2\x82"; // a code point that ends too early: byte by byte
    lettering_get_strokes(&cut);
    EXPECT_EQ(*cut, '\x82');
}

TEST(Lettering, MeasuresAndFitsAtBlanks)
{
    const double i = lettering_measure("l", 18), m = lettering_measure("m", 18);
    EXPECT_LT(i, m);
    EXPECT_NEAR(lettering_measure("lm", 18), i + m, 1e-9);
    EXPECT_NEAR(lettering_measure("stand up", 36), 2 * lettering_measure("stand up", 18), 1e-9);
    EXPECT_EQ(lettering_measure("", 18), 0);

    const double two = lettering_measure("answer the", 13);
    EXPECT_EQ(lettering_fit("answer the phone", 13, two + 1), 10u);
    EXPECT_EQ(lettering_fit("answer the phone", 13, two - 1), 6u);
    EXPECT_EQ(lettering_fit("answer the phone", 13, 1000), 16u);
    EXPECT_EQ(lettering_fit("answering", 13, lettering_measure("answ", 13) + 1), 4u);
    EXPECT_EQ(lettering_fit("answering", 13, 0), 1u); // something, always
    EXPECT_EQ(lettering_fit("", 13, 100), 0u);
}

// --- drawing ---

TEST(Drawing, FillsAreasClippedToThePicture)
{
    const Drawing d = make_drawing(10, 8);
    drawing_fill(d.get(), {-5, 6, 3, 100}, {1, 2, 3});
    for (int y = 0; y < 8; y++) {
        for (int x = 0; x < 10; x++) {
            EXPECT_EQ(look(d, x, y), (x < 3 && y >= 6 ? Color{1, 2, 3} : white)) << x << " " << y;
        }
    }
}

TEST(Drawing, PlacesPicturesWithWhatFitsOfThem)
{
    std::vector<uint8_t> rgb(4 * 3 * 3);
    for (size_t i = 0; i < rgb.size(); i++) {
        rgb[i] = static_cast<uint8_t>(i);
    }
    for (const auto &[left, top] : {std::pair{2, 1}, {-2, -1}, {4, 3}, {-9, 0}, {9, 9}}) {
        const Drawing d = make_drawing(6, 5);
        drawing_place(d.get(), left, top, rgb.data(), 4, 3);
        for (int y = 0; y < 5; y++) {
            for (int x = 0; x < 6; x++) {
                const int px = x - left, py = y - top;
                const bool inside = px >= 0 && px < 4 && py >= 0 && py < 3;
                const int at = (py * 4 + px) * 3;
                EXPECT_EQ(look(d, x, y), (inside ? Color{at, at + 1, at + 2} : white));
            }
        }
    }
}

TEST(Drawing, FramesAreAsThickAsAskedAndDashedOnesHaveGaps)
{
    const Drawing whole = make_drawing(60, 40), dashed = make_drawing(60, 40);
    drawing_frame(whole.get(), {10, 5, 50, 35}, 2, false, {0, 0, 0});
    drawing_frame(dashed.get(), {10, 5, 50, 35}, 2, true, {0, 0, 0});
    for (int y = 0; y < 40; y++) {
        for (int x = 0; x < 60; x++) {
            const bool outer = x >= 10 && x < 50 && y >= 5 && y < 35;
            const bool inner = x >= 12 && x < 48 && y >= 7 && y < 33;
            EXPECT_EQ(look(whole, x, y), (outer && !inner ? black : white)) << x << " " << y;
            if (look(dashed, x, y) == black) {
                EXPECT_EQ(look(whole, x, y), black);
            }
        }
    }
    const size_t full = count_dark(whole, 0, 0, 60, 40), part = count_dark(dashed, 0, 0, 60, 40);
    EXPECT_EQ(full, 40u * 30u - 36u * 26u);
    EXPECT_GT(part, full / 3);
    EXPECT_LT(part, full * 3 / 4);
}

TEST(Drawing, ABoxWithoutAreaStillShows)
{
    const Drawing d = make_drawing(30, 30);
    drawing_frame(d.get(), {10, 10, 10, 10}, 2, false, {0, 0, 0});
    EXPECT_EQ(count_dark(d, 0, 0, 30, 30), 16u);
}

TEST(Drawing, WritesLettersWhereTheirStrokesAre)
{
    const Drawing d = make_drawing(40, 30);
    drawing_write(d.get(), 5, 4, 18, {0, 0, 0}, "L"); // a unit is 2 pixels, in x 1.7
    // the stem along x = 5 + 1.08 from y = 4 + 1.08 to 7 units lower, the foot 4 units wide
    for (int y = 6; y < 18; y++) {
        EXPECT_LT(std::get<0>(look(d, 5, y)), 128) << y;
        EXPECT_EQ(look(d, 9, y), white) << y;
    }
    EXPECT_LT(std::get<0>(look(d, 10, 18)), 128);
    EXPECT_EQ(count_dark(d, 16, 0, 40, 30), 0u);
    EXPECT_EQ(count_dark(d, 0, 21, 40, 30), 0u);
}

TEST(Drawing, WritingBeyondThePictureIsCutOff)
{
    const Drawing d = make_drawing(12, 9);
    drawing_write(d.get(), -7, -5, 18, {0, 0, 0}, "MW(e.g., \xc3\xa9)");
    drawing_write(d.get(), 8, 6, 40, {0, 0, 0}, "Q");
    EXPECT_GT(count_dark(d, 0, 0, 12, 9), 0u);
}

TEST(Drawing, RefusesSizesThatAreNoPicture)
{
    drawing *none = nullptr;
    EXPECT_EQ(drawing_create(0, 5, {0, 0, 0}, &none), SSLACT_ERROR_INVALID_ARGUMENT);
    EXPECT_EQ(drawing_create(5, 65536, {0, 0, 0}, &none), SSLACT_ERROR_INVALID_ARGUMENT);
    EXPECT_EQ(none, nullptr);
    drawing_free(nullptr);
}

// --- the sheet ---

TEST(Sheet, ShowsFirstLastAndKeyFrameAndOthersEvenly)
{
    auto list = [](int32_t frame_count, int32_t columns) {
        std::vector<int32_t> frames;
        for (int32_t i = 0; i < std::min(columns, frame_count); i++) {
            frames.push_back(sheet_choose_frame(frame_count, columns, i));
        }
        return frames;
    };
    EXPECT_EQ(list(32, 5), (std::vector<int32_t>{0, 8, 16, 23, 31}));
    EXPECT_EQ(list(32, 1), (std::vector<int32_t>{16}));
    EXPECT_EQ(list(8, 2), (std::vector<int32_t>{0, 4})); // 7 makes room for the key frame
    EXPECT_EQ(list(3, 9), (std::vector<int32_t>{0, 1, 2}));
    EXPECT_EQ(list(1, 4), (std::vector<int32_t>{0}));
    for (int32_t frames = 1; frames <= 40; frames++) {
        for (int32_t columns = 1; columns <= 12; columns++) {
            const std::vector<int32_t> shown = list(frames, columns);
            EXPECT_EQ(std::set<int32_t>(shown.begin(), shown.end()).size(), shown.size());
            EXPECT_NE(std::find(shown.begin(), shown.end(), frames / 2), shown.end());
            EXPECT_TRUE(std::is_sorted(shown.begin(), shown.end()));
        }
    }
}

// A row of grey frames, frame f of level 10 f.
struct Row {
    sheet_row value = {};
    ~Row() { sheet_clear_row(&value); }
};

std::unique_ptr<Row> make_row(const sheet_layout &layout, int frames, int height, int width,
                              const std::vector<sheet_person> &people)
{
    auto row = std::make_unique<Row>();
    std::vector<uint8_t> pixels(static_cast<size_t>(frames) * height * width * 3);
    for (int f = 0; f < frames; f++) {
        std::memset(&pixels[static_cast<size_t>(f) * height * width * 3], 10 * f + 5,
                    static_cast<size_t>(height) * width * 3);
    }
    row->value.title = "weak view";
    row->value.purpose = row->value.changes = "";
    row->value.frame_count = frames;
    row->value.people = people.data();
    row->value.person_count = people.size();
    EXPECT_EQ(sheet_shrink(&layout, pixels.data(), height, width, &row->value), SSLACT_OK);
    return row;
}

Drawing draw(const sheet_layout &layout, const sheet_row &row, const char *title = "clip")
{
    const sheet_clip clip = {title, 0.5, &row, 1};
    drawing *made = nullptr;
    EXPECT_EQ(sheet_draw(&layout, &clip, 1, &made), SSLACT_OK) << sslact_error_get_message();
    return Drawing(made);
}

size_t count_color(const Drawing &d, Color color)
{
    size_t count = 0;
    for (int y = 0; y < d->height; y++) {
        for (int x = 0; x < d->width; x++) {
            count += look(d, x, y) == color;
        }
    }
    return count;
}

TEST(Sheet, ShrinksFramesToTheirLongerSide)
{
    const sheet_layout layout = {"", 3, 60};
    const auto wide = make_row(layout, 9, 20, 40, {}), tall = make_row(layout, 9, 40, 20, {});
    EXPECT_EQ(wide->value.width, 60);
    EXPECT_EQ(wide->value.height, 30);
    EXPECT_EQ(tall->value.width, 30);
    EXPECT_EQ(tall->value.height, 60);
    ASSERT_EQ(wide->value.shown_count, 3);
    EXPECT_EQ(std::vector<int>(wide->value.frames, wide->value.frames + 3),
              (std::vector<int>{0, 4, 8}));
    EXPECT_EQ(wide->value.pixels[0], 5);
    EXPECT_EQ(wide->value.pixels[60 * 30 * 3], 45); // the second shown is frame 4
}

TEST(Sheet, EveryShownFrameIsThereWithItsBoxes)
{
    const sheet_layout layout = {"title", 3, 100};
    const std::vector<sheet_person> people = {{{0.2f, 0.2f, 0.6f, 0.8f}, false, "stand"}};
    const auto alone = make_row(layout, 9, 50, 50, {}), with = make_row(layout, 9, 50, 50, people);
    const Drawing bare = draw(layout, alone->value), boxed = draw(layout, with->value);

    for (int level : {5, 45, 85}) {
        EXPECT_EQ(count_color(bare, {level, level, level}), 100u * 100u) << level;
        // less what the box of 40 x 60 takes: its border of 2, the dark line inside and the tag
        const size_t left = count_color(boxed, {level, level, level});
        EXPECT_LT(left, 10000u - 2 * 2 * (40 + 56)) << level;
        EXPECT_GT(left, 10000u - 3 * 2 * (40 + 60) - 400) << level;
    }
    const Color first = {255, 215, 64};
    EXPECT_EQ(count_color(bare, first), 0u);
    EXPECT_GT(count_color(boxed, first), 3 * 2u * 2 * (40 + 56));
}

TEST(Sheet, MaskedPeopleAreGreyAndDashed)
{
    const sheet_layout layout = {"title", 1, 100};
    std::vector<sheet_person> people = {{{0.2f, 0.2f, 0.6f, 0.8f}, false, "stand"}};
    const auto seen = make_row(layout, 9, 50, 50, people);
    const Drawing usual = draw(layout, seen->value);
    people[0].masked = true;
    const auto masked = make_row(layout, 9, 50, 50, people);
    const Drawing dashed = draw(layout, masked->value);

    EXPECT_EQ(count_color(usual, {150, 150, 150}), 0u);
    EXPECT_EQ(count_color(dashed, {255, 215, 64}), 0u);
    EXPECT_GT(count_color(dashed, {150, 150, 150}), 100u);
}

TEST(Sheet, WordsMakeRoomForThemselves)
{
    const sheet_layout layout = {"title", 1, 32};
    const std::string words(3000, 'w'); // no blank to wrap at
    const std::vector<sheet_person> few = {{{0, 0, 1, 1}, false, "stand"}},
                                    many = {{{0, 0, 1, 1}, false, words.c_str()}};
    const auto low = make_row(layout, 3, 20, 20, few), high = make_row(layout, 3, 20, 20, many);
    EXPECT_GT(draw(layout, high->value)->height, draw(layout, low->value)->height + 100);
}

TEST(Sheet, BoxesOutsideThePictureAndUnknownCharactersAreNoTrouble)
{
    const sheet_layout layout = {"\xff\xfe", 2, 32};
    const float far = 1e30f;
    const std::vector<sheet_person> people = {{{1, 1, 1, 1}, true, "out"},
                                              {{-far, -far, far, far}, false, "\xc3\xa9t\xc3\xa9"},
                                              {{0.5f, 0.5f, 0.5f, 0.5f}, false, ""}};
    const auto row = make_row(layout, 4, 20, 20, people);
    EXPECT_GT(draw(layout, row->value, "a\nb\x01")->height, 0);
}

TEST(Sheet, RefusesToBeTallerThanAPictureCanBe)
{
    const sheet_layout layout = {"title", 1, 1024};
    const auto row = make_row(layout, 1, 20, 20, {});
    const std::vector<sheet_row> rows(70, row->value);
    const sheet_clip clip = {"clip", 0, rows.data(), rows.size()};
    drawing *none = nullptr;
    EXPECT_EQ(sheet_draw(&layout, &clip, 1, &none), SSLACT_ERROR_INVALID_ARGUMENT);
    EXPECT_EQ(none, nullptr);
    EXPECT_NE(std::string(sslact_error_get_message()).find("65535"), std::string::npos);
}

} // namespace
