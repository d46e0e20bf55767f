// What labelled key frames say about the unlabelled one between them; all cases by hand.
#include "data/neighbours.h"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "data_support.h"
#include "support/memory_clips.h"

namespace
{

using test::Held;

struct TableFreer {
    void operator()(neighbour_table *t) const { neighbours_free(t); }
};
using Table = std::unique_ptr<neighbour_table, TableFreer>;

struct Person {
    sslact_box box;
    std::string labels; // a digit a class; "" where unlabelled
};

struct Frame {
    std::string name; // "film,902"
    std::vector<Person> people;
};

Held<dataset> make_set(const std::vector<Frame> &frames)
{
    dataset *made = nullptr;
    test::require(dataset_create(3, nullptr, &made));
    Held<dataset> held(made);
    const std::vector<uint8_t> pixels(2 * 2 * 3);
    for (const Frame &frame : frames) {
        std::vector<sslact_box> boxes;
        std::vector<uint8_t> labels;
        for (const Person &person : frame.people) {
            boxes.push_back(person.box);
            for (const char digit : person.labels) {
                labels.push_back(digit == '1');
            }
        }
        sslact_clip view;
        SSLACT_INIT(view);
        view.pixels = pixels.data();
        view.frame_count = 1;
        view.height = view.width = 2;
        view.boxes = boxes.data();
        view.box_count = static_cast<int32_t>(boxes.size());
        view.labels = labels.empty() ? nullptr : labels.data();
        view.name = frame.name.c_str();
        test::require(dataset_append(made, &view));
    }
    return held;
}

// Rows of evidence as text: + on both sides, - on neither, . on one or unknown.
std::vector<std::string> find(dataset *clips, dataset *labeled, double reach = 1.0)
{
    neighbour_table *made = nullptr;
    EXPECT_EQ(neighbours_find(clips, labeled, reach, &made), SSLACT_OK)
        << sslact_error_get_message();
    const Table table(made);
    std::vector<std::string> rows;
    const auto classes = static_cast<size_t>(table->class_count);
    for (size_t i = 0; i < table->first[table->clip_count]; ++i) {
        rows.emplace_back();
        for (size_t j = 0; j < classes; ++j) {
            rows.back() += "-.+"[table->evidence[i * classes + j] + 1];
        }
    }
    return rows;
}

std::vector<std::string> find(const std::vector<Frame> &clips, const std::vector<Frame> &labeled,
                              double reach = 1.0)
{
    const Held<dataset> own = make_set(clips), known = make_set(labeled);
    return find(own.get(), known.get(), reach);
}

const sslact_box left = {0.1f, 0.1f, 0.4f, 0.9f};
const sslact_box left_moved = {0.14f, 0.1f, 0.44f, 0.9f}; // overlap 0.26 / 0.34 = 0.76
const sslact_box right = {0.6f, 0.1f, 0.9f, 0.9f};
const sslact_box between = {0.25f, 0.1f, 0.55f, 0.9f}; // overlap with left 0.15 / 0.45 = 0.33

using Rows = std::vector<std::string>;

TEST(Neighbours, AClassOnBothSidesOnNeitherAndOnOne)
{
    EXPECT_EQ(find({{"film,902.5", {{left_moved, ""}, {right, ""}}}},
                   {{"film,902", {{left, "101"}, {right, "010"}}},
                    {"film,903", {{right, "010"}, {left_moved, "100"}}}}),
              (Rows{"+-.", "-+-"}))
        << "each box is judged by its own person, whatever the order";
}

TEST(Neighbours, BothSidesMustHaveAKeyFrameNearEnough)
{
    const std::vector<Frame> clips = {{"film,902.5", {{left, ""}}}};
    const Frame before = {"film,902", {{left, "100"}}}, after = {"film,903", {{left, "100"}}};
    EXPECT_EQ(find(clips, {before, after}), (Rows{"+--"}));
    EXPECT_EQ(find(clips, {before}), (Rows{"..."}));
    EXPECT_EQ(find(clips, {after}), (Rows{"..."}));
    EXPECT_EQ(find(clips, {before, {"film,904", {{left, "100"}}}}), (Rows{"..."})) << "1.5 s away";
    EXPECT_EQ(find(clips, {before, {"film,904", {{left, "100"}}}}, 1.5), (Rows{"+--"}));
    EXPECT_EQ(find(clips, {before, {"other,903", {{left, "100"}}}}), (Rows{"..."}));
    EXPECT_EQ(find({{"film,902", {{left, ""}}}}, {before, after}), (Rows{"..."}))
        << "a key frame is no neighbour of itself";
    EXPECT_EQ(find({{"clip 7", {{left, ""}}}}, {before, after}), (Rows{"..."}))
        << "no place in a film";
}

TEST(Neighbours, OnlyTheNearestKeyFramesCount)
{
    EXPECT_EQ(find({{"film,902.5", {{left, ""}}}},
                   {{"film,904", {{left, "011"}}},
                    {"film,903", {{left, "100"}}},
                    {"film,901", {{left, "011"}}},
                    {"film,902", {{left, "110"}}}},
                   2.0),
              (Rows{"+.-"}));
}

TEST(Neighbours, BoxesMustOverlapByHalf)
{
    EXPECT_EQ(find({{"film,902.5", {{between, ""}}}},
                   {{"film,902", {{left, "100"}}}, {"film,903", {{left, "100"}}}}),
              (Rows{"..."}));
    // Exactly one half: 0.2 of 0.4.
    EXPECT_EQ(find({{"film,902.5", {{{0.0f, 0.0f, 0.5f, 0.5f}, ""}}}},
                   {{"film,902", {{{0.0f, 0.0f, 0.5f, 1.0f}, "100"}}},
                    {"film,903", {{{0.0f, 0.0f, 0.5f, 0.25f}, "100"}}}}),
              (Rows{"+--"}));
    EXPECT_EQ(find({{"film,902.5", {{left, ""}}}},
                   {{"film,902", {{left, "100"}}}, {"film,903", {{right, "100"}}}}),
              (Rows{"..."}))
        << "a person on one side only";
}

TEST(Neighbours, APersonIsMatchedOnceToTheBoxThatOverlapsMost)
{
    // Both boxes overlap the one person of each side by half or more; the second fits better.
    EXPECT_EQ(find({{"film,902.5", {{left_moved, ""}, {left, ""}}}},
                   {{"film,902", {{left, "100"}}}, {"film,903", {{left, "110"}}}}),
              (Rows{"...", "+.-"}));
}

TEST(Neighbours, ClassesThatDifferAreRefused)
{
    const Held<dataset> own = make_set({{"film,902.5", {{left, ""}}}});
    test::ClipShape shape;
    shape.classes = 4;
    const Held<dataset> other = test::make_set(4, {shape});
    neighbour_table *made = nullptr;
    EXPECT_EQ(neighbours_find(own.get(), other.get(), 1.0, &made), SSLACT_ERROR_MISMATCH);
    EXPECT_EQ(made, nullptr);
}

// ---- files ----

// Ten seconds of a film, the same person with action 1 on every second, and half seconds between.
struct Film {
    Film()
    {
        std::string rows, boxes, empty;
        for (int second = 902; second < 912; ++second) {
            const std::string time = "film,0" + std::to_string(second);
            rows += time + ",0.1,0.1,0.4,0.9,1,5\n";
            boxes += time + ".500,0.1,0.1,0.4,0.9,,0.95\n";
        }
        test::put_file(folder / "labels.csv", rows);
        test::put_file(folder / "boxes.csv", boxes);
        test::put_file(folder / "excluded.csv", "film,0904\n");
        test::put_file(
            folder / "actions.pbtxt",
            "item {\n  name: \"stand\"\n  id: 1\n}\nitem {\n  name: \"sit\"\n  id: 2\n}\n");
        settings = {{"data.train.labels", folder / "labels.csv"},
                    {"data.unlabeled.person_boxes", folder / "boxes.csv"},
                    {"data.actions", folder / "actions.pbtxt"}};
    }
    Rows find() const
    {
        const test::DatasetHolder labeled = test::open_split(settings, "train");
        const test::DatasetHolder clips = test::open_split(settings, "unlabeled");
        return ::find(clips.get(), labeled.get());
    }
    test::TemporaryFolder folder;
    test::Settings settings;
};

TEST(NeighboursOfFiles, AreTheLabelledSecondsOnBothSides)
{
    // The last half second has nothing behind it.
    EXPECT_EQ(Film().find(), (Rows{"+-", "+-", "+-", "+-", "+-", "+-", "+-", "+-", "+-", ".."}));
}

TEST(NeighboursOfFiles, AreNoExcludedKeyFrames)
{
    Film film;
    film.settings["data.train.exclusions"] = film.folder / "excluded.csv";
    film.settings["data.unlabeled_key_frames"] = "all"; // else none follows an excluded one
    EXPECT_EQ(film.find(), (Rows{"+-", "..", "..", "+-", "+-", "+-", "+-", "+-", "+-", ".."}));
}

TEST(NeighboursOfFiles, AreOnlyThoseWhoseLabelsTheSubsetKeeps)
{
    Film film;
    film.settings["data.label_ratio"] = "0.5";
    const test::DatasetHolder labeled = test::open_split(film.settings, "train");
    std::map<double, bool> kept;
    for (size_t i = 0; i < dataset_count_clips(labeled.get()); ++i) {
        const char *video = nullptr;
        double seconds = 0;
        ASSERT_EQ(dataset_locate(labeled.get(), i, &video, &seconds), SSLACT_OK);
        kept[seconds] = true;
    }
    ASSERT_EQ(kept.size(), 5u);
    const Rows rows = film.find();
    ASSERT_EQ(rows.size(), 10u);
    for (int k = 0; k < 10; ++k) {
        const bool both = kept.count(902 + k) > 0 && kept.count(903 + k) > 0;
        EXPECT_EQ(rows[static_cast<size_t>(k)], both ? "+-" : "..") << 902 + k;
    }
}

} // namespace
