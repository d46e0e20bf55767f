// Truth of unlabelled boxes: who is whom, and what stays unknown.
#include "data/hidden_labels.h"

#include "data_support.h"
#include "support/memory_clips.h"

namespace
{

using test::ConfigHolder;
using test::DatasetHolder;
using test::make_settings;
using test::put_file;
using test::Settings;
using test::TemporaryFolder;

struct Freer {
    void operator()(hidden_labels *h) const { hidden_labels_free(h); }
};
using Hidden = std::unique_ptr<hidden_labels, Freer>;

// The labels of a box as text: "01", or "?" where unknown.
std::string show(const Hidden &hidden, int64_t clip, int32_t box, int32_t classes = 2)
{
    const uint8_t *labels = hidden_labels_find(hidden.get(), clip, box);
    std::string shown = labels == nullptr ? "?" : "";
    for (int32_t j = 0; labels != nullptr && j < classes; j++) {
        shown += labels[j] ? '1' : '0';
    }
    return shown;
}

// Three unlabelled key frames of one film; the classes are stand (12) and watch (80).
struct Files {
    Files()
    {
        put_file(folder / "actions.pbtxt", "item { name: \"stand\" id: 12 }\n"
                                           "item { name: \"watch\" id: 80 }\n");
        // Overlaps with the people below: 1 with the first, 0.8 with the second, none.
        put_file(folder / "boxes.csv", "b,0901.5,0.1,0.2,0.5,1,,0.99\n"
                                       "b,0901.5,0.5,0.2,0.9,1,,0.98\n"
                                       "b,0901.5,0.0,0.0,0.05,0.1,,0.97\n"
                                       "b,0902.5,0.1,0.2,0.5,1,,0.96\n"
                                       "b,0903.5,0.1,0.2,0.5,1,,0.95\n");
        write_labels("b,0901.5,0.1,0.2,0.5,1,12,0\nb,901.500,0.1,0.2,0.5,1,80,0\n"
                     "b,0901.5,0.5,0.2,0.9,0.84,80,1\n"
                     "b,0903.5,0.1,0.2,0.5,1,7,2\n"
                     "other,0902.5,0.1,0.2,0.5,1,12,0\n");
        settings = {{"data.actions", folder / "actions.pbtxt"},
                    {"data.unlabeled.person_boxes", folder / "boxes.csv"},
                    {"monitor.hidden_labels", folder / "hidden.csv"},
                    {"monitor.box_overlap", "0.75"}};
    }
    void write_labels(const std::string &rows) { put_file(folder / "hidden.csv", rows); }
    Hidden read(sslact_status expected = SSLACT_OK)
    {
        const ConfigHolder c = make_settings(settings);
        const DatasetHolder unlabeled = test::open_split(settings, "unlabeled");
        hidden_labels *made = nullptr;
        EXPECT_EQ(hidden_labels_read(c.get(), unlabeled.get(), &made), expected)
            << sslact_error_get_message();
        return Hidden(made);
    }

    TemporaryFolder folder;
    Settings settings;
};

TEST(HiddenLabels, OfAFileGoToTheBoxesThatOverlapAPersonEnough)
{
    Files files;

    const Hidden hidden = files.read();

    EXPECT_EQ(show(hidden, 0, 0), "11") << "the union over the rows of one box";
    EXPECT_EQ(show(hidden, 0, 1), "01");
    EXPECT_EQ(show(hidden, 0, 2), "?") << "overlaps nobody";
    EXPECT_EQ(show(hidden, 1, 0), "?") << "another film's row";
    EXPECT_EQ(show(hidden, 2, 0), "00") << "a person with no action of the list";
    EXPECT_EQ(show(hidden, 3, 0), "?");
    EXPECT_EQ(show(hidden, -1, 0), "?");
    EXPECT_EQ(show(hidden, 1, 1), "?") << "no box of the next clip";
    EXPECT_EQ(hidden_labels_count_boxes(hidden.get()), 5u);
    EXPECT_EQ(hidden_labels_count_known(hidden.get()), 3u);
}

TEST(HiddenLabels, NeedTheOverlapOfTheKey)
{
    Files files;
    files.settings["monitor.box_overlap"] = "0.81";

    EXPECT_EQ(show(files.read(), 0, 1), "?") << "0.64 of 0.8 overlaps by 0.8";
    files.settings["monitor.box_overlap"] = "0.79";
    EXPECT_EQ(show(files.read(), 0, 1), "01");
}

TEST(HiddenLabels, OfADifferentFilmAreRefused)
{
    Files files;
    files.write_labels("other,0902.5,0.1,0.2,0.5,1,12,0\n");

    files.read(SSLACT_ERROR_MISMATCH);

    const std::string message = sslact_error_get_message();
    EXPECT_NE(message.find("hidden.csv: labels none of the 5 boxes"), std::string::npos) << message;
}

TEST(HiddenLabels, OfAFileWithABadRowAreRefusedOrLeftOut)
{
    Files files;
    files.write_labels("b,0901.5,0.1,0.2,0.5,1,12,0\nb,0901.5,0.5,0.2,0.4,1,12,0\n");

    files.read(SSLACT_ERROR_FORMAT);
    EXPECT_NE(std::string(sslact_error_get_message()).find("hidden.csv:2:"), std::string::npos);
    files.settings["data.on_bad_row"] = "skip";
    EXPECT_EQ(show(files.read(), 0, 0), "10");
    files.settings["monitor.hidden_labels"] = files.folder / "absent.csv";
    files.read(SSLACT_ERROR_NOT_FOUND);
}

TEST(HiddenLabels, OfAFileDoNotFitClipsOfTheProgram)
{
    Files files;
    const ConfigHolder c = make_settings(files.settings);
    const test::Held<dataset> clips = test::make_set(2, {test::ClipShape{.classes = 2}});
    hidden_labels *made = nullptr;

    EXPECT_EQ(hidden_labels_read(c.get(), clips.get(), &made), SSLACT_ERROR_CONFIG);
    EXPECT_NE(std::string(sslact_error_get_message()).find("sslact_trainer_set_hidden_labels"),
              std::string::npos);
}

// ---- of another set ----

Hidden take(dataset *unlabeled, dataset *truth, sslact_status expected = SSLACT_OK)
{
    const ConfigHolder c = make_settings({});
    hidden_labels *made = nullptr;
    EXPECT_EQ(hidden_labels_take(c.get(), unlabeled, truth, &made), expected)
        << sslact_error_get_message();
    return Hidden(made);
}

const test::ClipShape two_people = {.boxes = 2, .classes = 3};
const test::ClipShape two_strangers = {.boxes = 2, .classes = 3, .labeled = false};

TEST(HiddenLabels, OfASetInMemoryAreThoseOfTheSameClip)
{
    // Box i of clip n begins at x = (n + i) % 4 / 8 and carries class j where (n + i) % (j + 2) is
    // 0.
    const auto unlabeled = test::make_set(3, {two_strangers, two_strangers}, 4);
    const auto truth = test::make_set(3, {two_people, two_people}, 4);

    const Hidden hidden = take(unlabeled.get(), truth.get());

    EXPECT_EQ(show(hidden, 0, 0, 3), "101") << "4";
    EXPECT_EQ(show(hidden, 0, 1, 3), "000") << "5, a person without an action";
    EXPECT_EQ(show(hidden, 1, 0, 3), "000") << "5";
    EXPECT_EQ(show(hidden, 1, 1, 3), "110") << "6";
}

TEST(HiddenLabels, MayBeThoseThatTheUnlabelledSetItselfCarries)
{
    const auto set = test::make_set(3, {two_people, two_people}, 4);

    const Hidden hidden = take(set.get(), set.get());

    EXPECT_EQ(show(hidden, 0, 0, 3), "101");
    EXPECT_EQ(show(hidden, 1, 1, 3), "110");
}

TEST(HiddenLabels, OfASetThatDoesNotAgreeAreRefused)
{
    const auto unlabeled = test::make_set(3, {two_strangers, two_strangers}, 4);
    const auto shorter = test::make_set(3, {two_people}, 4);
    const auto shifted = test::make_set(3, {two_people, two_people}, 6);
    const auto silent = test::make_set(3, {two_strangers, two_strangers}, 4);

    take(unlabeled.get(), shorter.get(), SSLACT_ERROR_MISMATCH);
    EXPECT_NE(std::string(sslact_error_get_message()).find("of 1 clips and 3 classes"),
              std::string::npos);
    take(unlabeled.get(), shifted.get(), SSLACT_ERROR_MISMATCH);
    EXPECT_NE(std::string(sslact_error_get_message()).find("none of the 4 boxes"),
              std::string::npos);
    take(unlabeled.get(), silent.get(), SSLACT_ERROR_MISMATCH);
    take(unlabeled.get(), unlabeled.get(), SSLACT_ERROR_MISMATCH);
}

} // namespace
