// The published choices of boxes and key frames as options: datasets-and-evaluation.md sections 1,
// 4 and 5.
#include "data/split.h"

#include <cmath>

#include "data_support.h"

namespace
{

using test::DatasetHolder;
using test::put_file;
using test::Settings;
using test::TemporaryFolder;
using Words = std::vector<std::string>;

// Classes 0, 1, 2 are the ids 12, 17, 80.
struct World {
    World()
    {
        give("data.actions", "actions.pbtxt",
             "item { name: \"stand\" id: 12 }\nitem { name: \"carry\" id: 17 }\n"
             "item { name: \"watch\" id: 80 }\n");
    }
    World &give(const std::string &key, const std::string &name, const std::string &content)
    {
        put_file(folder / name, content);
        settings[key] = folder / name;
        return *this;
    }
    World &set(const std::string &key, const std::string &value)
    {
        settings[key] = value;
        return *this;
    }
    DatasetHolder open(const char *split) const { return test::open_split(settings, split); }
    Words clips(const char *split) const { return test::list_clips(open(split).get()); }

    TemporaryFolder folder;
    Settings settings;
};

// The boxes of a clip with their labels as training sees them, "right edge in per cent: 010".
Words list_boxes(dataset *d, size_t clip)
{
    people_table people;
    Words list;
    EXPECT_EQ(dataset_collect_people(d, true, &people), SSLACT_OK);
    for (size_t i = people.first[clip]; i < people.first[clip + 1]; i++) {
        std::string text = std::to_string(std::lround(people.boxes[i].x2 * 100)) + ": ";
        for (int32_t j = 0; j < people.class_count; j++) {
            text +=
                people.labels[i * static_cast<size_t>(people.class_count) + static_cast<size_t>(j)]
                    ? '1'
                    : '0';
        }
        list.push_back(text);
    }
    people_table_free(&people);
    return list;
}

// --- labels of detected boxes ---

const char *const one_person = "a,0902,0,0,0.5,1,12,0\na,0902,0,0,0.5,1,80,0\n";
// Two rows a label, one box of another place, one without label, one too unsure.
const char *const boxes_and_labels = "a,0902,0,0,0.46,1,12,0.95\na,0902,0,0,0.46,1,17,0.95\n"
                                     "a,0902,0,0,0.46,1,17,0.95\n"
                                     "a,0902,0,0,0.2,1,80,0.93\na,0902,0,0,0.3,1,,0.99\n"
                                     "a,0902,0,0,0.4,1,3,0.92\na,0902,0,0,0.1,1,12,0.89\n";

TEST(BoxLabels, AreThoseOfTheBoxFileWhereItIsSaid)
{
    World world;
    world.give("data.train.labels", "l.csv", one_person)
        .give("data.train.person_boxes", "b.csv", boxes_and_labels);

    EXPECT_EQ(list_boxes(world.open("train").get(), 0), (Words{"50: 101", "46: 101"}))
        << "by overlap the box has the labels of the person";
    world.set("data.box_labels", "file");
    const DatasetHolder set = world.open("train");
    EXPECT_EQ(list_boxes(set.get(), 0), (Words{"50: 101", "46: 110", "20: 001", "40: 000"}))
        << "40 has a label that is not on the list, which is dropped; the box stays";
    EXPECT_EQ(test::list_labels(set.get()), (Words{"101"}))
        << "class counts are of annotated people";
}

TEST(BoxLabels, OfTheFileKeepUnlabelledBoxesAsPeopleWithoutAction)
{
    World world;
    world.give("data.train.labels", "l.csv", one_person)
        .give("data.train.person_boxes", "b.csv", boxes_and_labels)
        .set("data.box_labels", "file")
        .set("data.box_score_train", "0.94")
        .set("data.keep_unmatched_boxes", "true");

    EXPECT_EQ(list_boxes(world.open("train").get(), 0), (Words{"50: 101", "46: 110", "30: 000"}));
}

TEST(BoxLabels, OfTheFileAreNeverThoseOfValidation)
{
    World world;
    world.give("data.validation.labels", "l.csv", one_person)
        .give("data.validation.person_boxes", "b.csv", boxes_and_labels)
        .set("data.box_labels", "file");

    EXPECT_FALSE(dataset_is_labeled(world.open("validation").get()));
}

TEST(BestBox, StandsInWhereNoneHasTheScore)
{
    World world;
    world.give("data.labels", "l.csv", "a,1,0,0,0.5,1,12\na,2,0,0,0.5,1,12\n")
        .give("data.person_boxes", "b.csv",
              "a,1,0,0,0.47,1,,0.5\na,1,0,0,0.48,1,,0.7\na,1,0,0,0.49,1,,0.7\n" // none
              "a,2,0,0,0.47,1,,0.95\na,2,0,0,0.48,1,,0.7\n");                   // one has it

    EXPECT_EQ(world.clips("validation"), (Words{"a@2"}));
    world.set("data.keep_best_box", "true");
    EXPECT_EQ(world.clips("validation"), (Words{"a@1", "a@2"}));
    const DatasetHolder train = world.open("train");
    EXPECT_EQ(list_boxes(train.get(), 0), (Words{"50: 100", "48: 100"})) << "the first of equals";
    EXPECT_EQ(list_boxes(train.get(), 1), (Words{"50: 100", "47: 100"}));
}

// --- included timestamps ---

TEST(IncludedTimestamps, LeaveOutOtherSeconds)
{
    World world;
    world
        .give("data.labels", "l.csv",
              "a,0901,0,0,0.5,1,12\na,0902,0,0,0.5,1,12\na,0903,0,0,0.5,1,12\n")
        .give("data.included_timestamps", "i.txt", "0903\n0902\n")
        .give("data.unlabeled.person_boxes", "b.csv",
              "a,901.5,0,0,1,1,,0.9\na,902.5,0,0,1,1,,0.9\n");

    EXPECT_EQ(world.clips("train"), (Words{"a@902", "a@903"}));
    EXPECT_EQ(world.clips("validation"), (Words{"a@902", "a@903"}));
    EXPECT_EQ(world.clips("unlabeled"), (Words{"a@902.5"})) << "901 is no labelled key frame";
}

TEST(IncludedTimestamps, ThatFitNothingAreAnError)
{
    World world;
    world.give("data.train.labels", "l.csv", "a,1,0,0,0.5,1,12\n")
        .give("data.included_timestamps", "i.txt", "0902\n");

    EXPECT_EQ(test::fail_to_open(world.settings, "train").second,
              (world.folder / "l.csv") + ": none of 1 rows is at one of the times of " +
                  (world.folder / "i.txt"));
}

// --- unlabelled key frames ---

void make_film(World &world)
{
    world
        .give("data.train.labels", "l.csv",
              "a,902,0,0,1,1,12\na,904,0,0,1,1,12\na,905,0,0,1,1,12\na,905,0,0,0.5,1,12\n")
        .give("data.train.exclusions", "e.csv", "a,904\n")
        .give("data.unlabeled.person_boxes", "b.csv",
              "a,902.500,0,0,1,1,,0.9\na,902.25,0,0,1,1,,0.9\na,903.5,0,0,1,1,,0.9\n"
              "a,904.5,0,0,1,1,,0.9\na,905.5,0,0,1,1,,0.9\na,906,0,0,1,1,,0.9\n"
              "b,17.3,0,0,1,1,,0.9\nb,905.5,0,0,1,1,,0.9\n");
}

TEST(UnlabeledKeyFrames, LieBehindTheLabelledOnesOfTheirVideo)
{
    World world;
    make_film(world);

    // 903 has no label, 904 is excluded; b has no labels at all.
    EXPECT_EQ(world.clips("unlabeled"), (Words{"a@902.5", "a@905.5", "b@17.3", "b@905.5"}));
    world.set("data.unlabeled_offset_seconds", "0.25");
    EXPECT_EQ(world.clips("unlabeled"), (Words{"a@902.25", "b@17.3", "b@905.5"}));
    world.set("data.unlabeled_offset_seconds", "-1.5");
    EXPECT_EQ(world.clips("unlabeled"), (Words{"a@903.5", "b@17.3", "b@905.5"}));
}

TEST(UnlabeledKeyFrames, AreAllOfTheBoxFileOnDemand)
{
    World world;
    make_film(world);
    world.set("data.unlabeled_key_frames", "all");
    EXPECT_EQ(world.clips("unlabeled").size(), 8u);
}

TEST(UnlabeledKeyFrames, DoNotGainWhatALabelSubsetLosesNorLoseIt)
{
    World world;
    make_film(world);
    world.set("data.label_ratio", "0.5");
    EXPECT_EQ(world.clips("train").size(), 1u) << "half of the two that are not excluded";
    EXPECT_EQ(world.clips("unlabeled"), (Words{"a@902.5", "a@905.5", "b@17.3", "b@905.5"}));
}

TEST(UnlabeledKeyFrames, ThatNoLabelPrecedesAreAnErrorAndNotAnEmptySet)
{
    World world;
    world.give("data.train.labels", "l.csv", "a,902,0,0,1,1,12\n")
        .give("data.unlabeled.person_boxes", "b.csv", "a,902,0,0,1,1,,0.9\na,903,0,0,1,1,,0.9\n");

    const auto [status, message] = test::fail_to_open(world.settings, "unlabeled");

    EXPECT_EQ(status, SSLACT_ERROR_MISMATCH);
    EXPECT_EQ(message, (world.folder / "b.csv") +
                           ": none of 2 rows is 0.5 s behind a labelled key frame "
                           "(data.unlabeled_offset_seconds); data.unlabeled_key_frames=all takes "
                           "them all");
}

// --- one key frame an interval ---

TEST(KeyFrameInterval, KeepsTheKeyFrameNearestToEachMultiple)
{
    World world;
    world
        .give("data.train.labels", "l.csv",
              "a,0.4,0,0,1,1,12\na,0.6,0,0,1,1,12\na,0.9,0,0,1,1,12\na,1.1,0,0,1,1,12\n"
              "a,1.5,0,0,1,1,12\na,2.25,0,0,1,1,12\na,7,0,0,1,1,12\nb,0.9,0,0,1,1,12\n")
        .set("data.key_frame_interval_seconds", "1");

    // About 0: 0.4; about 1: 0.9 and 1.1 are as near, the first; about 2: 2.25 before 1.5.
    EXPECT_EQ(world.clips("train"), (Words{"a@0.4", "a@0.9", "a@2.25", "a@7", "b@0.9"}));
    world.set("data.key_frame_interval_seconds", "4");
    EXPECT_EQ(world.clips("train"), (Words{"a@0.4", "a@2.25", "a@7", "b@0.9"}));
    world.set("data.key_frame_interval_seconds", "0");
    EXPECT_EQ(world.clips("train").size(), 8u);
}

TEST(KeyFrameInterval, PrefersKeyFramesWithLabelsToBoxesAlone)
{
    World world;
    world.give("data.validation.labels", "l.csv", "a,1.4,0,0,1,1,12\n")
        .give("data.validation.person_boxes", "b.csv",
              "a,1,0,0,1,1,,0.9\na,1.4,0,0,1,1,,0.9\na,2,0,0,1,1,,0.9\na,2.1,0,0,1,1,,0.9\n")
        .set("data.key_frame_interval_seconds", "1");

    EXPECT_EQ(world.clips("validation"), (Words{"a@1.4", "a@2"}));
}

TEST(KeyFrameInterval, ThinsUnlabelledKeyFramesToo)
{
    World world;
    make_film(world);
    put_file(world.folder / "b.csv", "b,1.1,0,0,1,1,,0.9\nb,1,0,0,1,1,,0.9\nb,1.4,0,0,1,1,,0.9\n"
                                     "a,905.5,0,0,1,1,,0.9\na,902.5,0,0,1,1,,0.9\n");
    world.set("data.key_frame_interval_seconds", "2");

    // 905 is of the interval about 906, 902 of its own; 904 is excluded.
    EXPECT_EQ(world.clips("unlabeled"), (Words{"a@902.5", "a@905.5", "b@1.4"}));
    world.set("data.key_frame_interval_seconds", "10");
    EXPECT_EQ(world.clips("unlabeled"), (Words{"a@902.5", "a@905.5", "b@1"}));
}

} // namespace
