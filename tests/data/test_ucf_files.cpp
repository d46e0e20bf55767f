// UCF101-24's annotation in all its forms: one made-up annotation (data/make_ucf.py) written in
// each of them must give the rows below, which were worked out by hand from that script's VIDEOS.

#include "data/ucf_files.h"

#include <algorithm>
#include <tuple>

#include "data/data_support.h"
#include "support/temporary.h"

namespace
{

using namespace test;

struct Row {
    std::string video;
    int64_t frame; // from 1
    int32_t class_id;
    double x1, y1, x2, y2; // pixels

    bool operator<(const Row &other) const
    {
        return std::tie(video, frame, x1) < std::tie(other.video, other.frame, other.x1);
    }
    bool operator==(const Row &other) const
    {
        return video == other.video && frame == other.frame && class_id == other.class_id &&
               std::abs(x1 - other.x1) < 1e-9 && std::abs(y1 - other.y1) < 1e-9 &&
               std::abs(x2 - other.x2) < 1e-9 && std::abs(y2 - other.y2) < 1e-9;
    }
};

void PrintTo(const Row &row, std::ostream *out)
{
    *out << row.video << " frame " << row.frame << " class " << row.class_id << " " << row.x1 << " "
         << row.y1 << " " << row.x2 << " " << row.y2;
}

const std::string basketball = "Basketball/v_Basketball_g01_c01";
const std::string biking = "Biking/v_Biking_g08_c02";
const std::string dunk = "BasketballDunk/v_BasketballDunk_g02_c03";

const std::vector<Row> expected = {
    {basketball, 3, 0, 10, 20, 40, 60},     {basketball, 4, 0, 11, 20, 41, 60},
    {basketball, 5, 0, 12, 21, 42, 61},     {basketball, 5, 0, 200, 100, 310, 220},
    {basketball, 6, 0, 201, 100, 311, 220}, {dunk, 5, 1, 100, 50, 120, 80},
    {biking, 1, 2, 1, 1, 320, 240},         {biking, 2, 2, 2, 2, 302, 202},
};

std::string get_path(const std::string &name)
{
    return SSLACT_TESTS_FOLDER "/data/ucf/" + name;
}

class Annotation
{
public:
    Annotation()
    {
        EXPECT_EQ(ucf_classes_read(get_path("classes.txt").c_str(), &classes), SSLACT_OK);
        wanted.stride = 1;
        problems.callback = collect_problem;
        problems.user = &found;
    }
    ~Annotation()
    {
        ucf_annotation_free(&annotation);
        ucf_selection_free(&wanted);
        ava_actions_free(&classes);
        name_table_free(&videos);
    }
    Annotation(const Annotation &) = delete;
    Annotation &operator=(const Annotation &) = delete;

    sslact_status read(const std::string &path)
    {
        path_ = path;
        return ucf_annotation_read(path_.c_str(), &classes, &wanted, &videos, &problems,
                                   &annotation);
    }
    std::vector<Row> list() const
    {
        std::vector<Row> rows;
        for (size_t i = 0; i < annotation.rows.count; i++) {
            const ava_row &row = annotation.rows.rows[i];
            EXPECT_EQ(row.time_us % 1000000, 0);
            EXPECT_TRUE(row.has_box);
            rows.push_back({videos.names[row.video], row.time_us / 1000000, row.action_id,
                            row.x1 * 320, row.y1 * 240, row.x2 * 320, row.y2 * 240});
        }
        std::sort(rows.begin(), rows.end());
        return rows;
    }
    int64_t count_frames(const std::string &video) const
    {
        const int32_t index = name_table_find(&videos, video.data(), video.size());
        EXPECT_GE(index, 0);
        return annotation.frame_counts[index];
    }

    ava_actions classes = {};
    ucf_selection wanted = {};
    name_table videos = {};
    data_problems problems = {};
    std::vector<FoundProblem> found;
    ucf_annotation annotation = {};

private:
    std::string path_;
};

struct Form {
    const char *name;
    ucf_form form;
    bool has_frame_counts;
};

class Forms : public testing::TestWithParam<Form>
{
};

TEST_P(Forms, GiveTheSameRows)
{
    Annotation read;
    ASSERT_EQ(read.read(get_path(GetParam().name)), SSLACT_OK) << sslact_error_get_message();
    EXPECT_EQ(read.annotation.form, GetParam().form);
    std::vector<Row> rows = expected;
    std::sort(rows.begin(), rows.end());
    EXPECT_EQ(read.list(), rows);
    EXPECT_TRUE(read.found.empty()) << read.found[0].place << ": " << read.found[0].what;
    EXPECT_EQ(read.count_frames(basketball), GetParam().has_frame_counts ? 12 : 0);
    EXPECT_EQ(read.count_frames(biking), GetParam().has_frame_counts ? 300 : 0);
}

TEST_P(Forms, KeepTubesApart)
{
    Annotation read;
    ASSERT_EQ(read.read(get_path(GetParam().name)), SSLACT_OK) << sslact_error_get_message();
    const bool has_tubes = GetParam().form != UCF_FRAME_FILES; // YOWO's files know none
    for (size_t i = 0; i < read.annotation.rows.count; i++) {
        const ava_row &row = read.annotation.rows.rows[i];
        const bool second = row.x1 * 320 > 150;
        EXPECT_EQ(row.person, !has_tubes ? -1 : second ? 1 : 0) << i;
    }
}

TEST_P(Forms, GiveTheChosenVideosAndFramesAlone)
{
    Annotation read;
    read.wanted.stride = 2; // frames 0, 2, 4 from 0: 1, 3, 5 from 1
    int32_t index;
    ASSERT_EQ(name_table_add(&read.wanted.without, dunk.data(), dunk.size(), &index), SSLACT_OK);
    ASSERT_EQ(read.read(get_path(GetParam().name)), SSLACT_OK) << sslact_error_get_message();
    EXPECT_EQ(read.list(), (std::vector<Row>{expected[0], expected[2], expected[3], expected[6]}));

    Annotation other;
    other.wanted.has_only = true;
    ASSERT_EQ(name_table_add(&other.wanted.only, dunk.data(), dunk.size(), &index), SSLACT_OK);
    ASSERT_EQ(other.read(get_path(GetParam().name)), SSLACT_OK) << sslact_error_get_message();
    EXPECT_EQ(other.list(), std::vector<Row>{expected[5]});
}

INSTANTIATE_TEST_SUITE_P(Files, Forms,
                         testing::Values(Form{"table.csv", UCF_TABLE, true},
                                         Form{"pyannot_protocol_0.pkl", UCF_PYANNOT, true},
                                         Form{"pyannot_protocol_2.pkl", UCF_PYANNOT, true},
                                         Form{"pyannot_protocol_3.pkl", UCF_PYANNOT, true},
                                         Form{"pyannot_protocol_4.pkl", UCF_PYANNOT, true},
                                         Form{"pyannot_with_class_names.pkl", UCF_PYANNOT, true},
                                         Form{"tubes_python_2_protocol_0.pkl", UCF_TUBES, true},
                                         Form{"tubes_python_2_protocol_2.pkl", UCF_TUBES, true},
                                         Form{"tubes_protocol_4.pkl", UCF_TUBES, true},
                                         Form{"yowo/labels", UCF_FRAME_FILES, false},
                                         Form{"yowo/labels/", UCF_FRAME_FILES, false},
                                         Form{"groundtruths", UCF_FRAME_FILES, false}));

TEST(UcfLists, OfTheFileCountWhereNoneIsGiven)
{
    for (const char *name : {"pyannot_with_class_names.pkl", "tubes_protocol_4.pkl"}) {
        Annotation training, testing, both;
        training.wanted.part = UCF_TRAINING_VIDEOS;
        testing.wanted.part = UCF_TEST_VIDEOS;
        training.wanted.split_number = testing.wanted.split_number = 1;
        ASSERT_EQ(training.read(get_path(name)), SSLACT_OK) << sslact_error_get_message();
        ASSERT_EQ(testing.read(get_path(name)), SSLACT_OK) << sslact_error_get_message();
        EXPECT_EQ(training.list(), (std::vector<Row>{expected[6], expected[7]})) << name;
        EXPECT_EQ(testing.list().size(), 6u) << name;
    }
    Annotation second;
    second.wanted.part = UCF_TEST_VIDEOS;
    second.wanted.split_number = 2;
    ASSERT_EQ(second.read(get_path("tubes_protocol_4.pkl")), SSLACT_OK);
    EXPECT_EQ(second.list(), (std::vector<Row>{expected[6], expected[7]}));
    Annotation third;
    third.wanted.part = UCF_TEST_VIDEOS;
    third.wanted.split_number = 3;
    EXPECT_EQ(third.read(get_path("tubes_protocol_4.pkl")), SSLACT_ERROR_CONFIG);
    EXPECT_NE(std::string(sslact_error_get_message()).find("data.split_number is 3"),
              std::string::npos)
        << sslact_error_get_message();
}

TEST(UcfLists, OfYowoNameTheFiles)
{
    Annotation read;
    ASSERT_EQ(read.read(get_path("yowo/trainlist.txt")), SSLACT_OK) << sslact_error_get_message();
    EXPECT_EQ(read.list(), (std::vector<Row>{expected[6], expected[7]}));
}

TEST(UcfLists, OfVideosMayBeUcf101sOwn)
{
    const TemporaryFolder folder;
    put_file(folder / "list.txt", "Basketball/v_Basketball_g01_c01.avi 1\r\n\n"
                                  "Biking/v_Biking_g08_c02\nDiving/v_Diving_g01_c01.AVI\n");
    name_table names = {};
    data_problems problems = {};
    ASSERT_EQ(ucf_videos_read((folder / "list.txt").c_str(), &problems, &names), SSLACT_OK);
    ASSERT_EQ(names.count, 3u);
    EXPECT_EQ(names.names[0], basketball);
    EXPECT_EQ(names.names[1], biking);
    EXPECT_STREQ(names.names[2], "Diving/v_Diving_g01_c01");
    name_table_free(&names);

    put_file(folder / "bad.txt", "Biking/v_Biking_g08_c02\n\x01\n");
    EXPECT_EQ(ucf_videos_read((folder / "bad.txt").c_str(), &problems, &names),
              SSLACT_ERROR_FORMAT);
    EXPECT_NE(std::string(sslact_error_get_message()).find("bad.txt:2: "), std::string::npos);
    name_table_free(&names);
}

TEST(UcfClasses, HaveIdsOrAreNumbered)
{
    const TemporaryFolder folder;
    ava_actions classes = {};
    put_file(folder / "names.txt", "Basketball\nGolf Swing\n");
    ASSERT_EQ(ucf_classes_read((folder / "names.txt").c_str(), &classes), SSLACT_OK);
    ASSERT_EQ(classes.count, 2u);
    EXPECT_EQ(classes.actions[1].id, 1);
    EXPECT_STREQ(classes.actions[1].name, "Golf Swing");
    ava_actions_free(&classes);

    for (const char *text : {"0 A\n0 B\n", "1 A\n0 B\n", "", "0 \n", "-1 A\n", "70000 A\n"}) {
        put_file(folder / "bad.txt", text);
        EXPECT_EQ(ucf_classes_read((folder / "bad.txt").c_str(), &classes), SSLACT_ERROR_FORMAT)
            << text;
    }
    if (has_real_data()) {
        const std::string real = std::string(SSLACT_TEST_DATA) + "/ucf101_24/classes.txt";
        ASSERT_EQ(ucf_classes_read(real.c_str(), &classes), SSLACT_OK);
        ASSERT_EQ(classes.count, 24u);
        EXPECT_STREQ(classes.actions[0].name, "Basketball");
        EXPECT_EQ(classes.actions[23].id, 23);
        EXPECT_STREQ(classes.actions[23].name, "WalkingWithDog");
        ava_actions_free(&classes);
    }
}

// ---- faults, each with its place ----

const char *const header = "video,num_frames,class_id,tube,frame,x,y,w,h\n";

struct Fault {
    const char *row;
    data_problem kind;
    const char *words;
};

TEST(UcfTable, FaultyRowsAreReportedWithTheirLine)
{
    const Fault faults[] = {
        {"Biking/a,10,2,0,1,1,1,5", DATA_PROBLEM_COLUMNS, "expected the 9 columns"},
        {"Biking/a,ten,2,0,1,1,1,5,5", DATA_PROBLEM_TIME, "column 2"},
        {"Biking/a,0,2,0,0,1,1,5,5", DATA_PROBLEM_TIME, "num_frames is 0"},
        {"Biking/a,10,2.5,0,1,1,1,5,5", DATA_PROBLEM_ACTION, "column 3"},
        {"Biking/a,10,24,0,1,1,1,5,5", DATA_PROBLEM_ACTION, "accepted are 0 to 23"},
        {"Biking/a,10,-1,0,1,1,1,5,5", DATA_PROBLEM_ACTION, "accepted are 0 to 23"},
        {"Biking/a,10,0,0,1,1,1,5,5", DATA_PROBLEM_CLASSES,
         "class id 0 in a video of the folder Biking, which has id 2"},
        {"Biking/a,10,2,x,1,1,1,5,5", DATA_PROBLEM_PERSON, "column 4"},
        {"Biking/a,10,2,0,10,1,1,5,5", DATA_PROBLEM_TIME, "accepted are 0 to 9"},
        {"Biking/a,10,2,0,-1,1,1,5,5", DATA_PROBLEM_TIME, "accepted are 0 to 9"},
        {"Biking/a,10,2,0,1,one,1,5,5", DATA_PROBLEM_COORDINATE, "column 6"},
        {"Biking/a,10,2,0,1,nan,1,5,5", DATA_PROBLEM_COORDINATE, "column 6"},
        {"Biking/a,10,2,0,1,1,1,0,5", DATA_PROBLEM_BOX_REVERSED, "x from 1 to 1"},
        {"Biking/a,10,2,0,1,1,1,5,-5", DATA_PROBLEM_BOX_REVERSED, "y from 1 to -4"},
        {"Biking/a,10,2,0,1,353,1,5,5", DATA_PROBLEM_BOX_OUTSIDE, "x from 353 to 358"},
        {"Biking/a,10,2,0,1,1,1,352,5", DATA_PROBLEM_BOX_OUTSIDE, "x from 1 to 353"},
        {"Biking/a,10,2,0,1,1,-25,5,50", DATA_PROBLEM_BOX_OUTSIDE, "y from -25 to 25"},
        {"Biking/a,10,2,0,1,300,1,21,5", DATA_PROBLEM_BOX_CUT, "over the edge"},
        {",10,2,0,1,1,1,5,5", DATA_PROBLEM_NAME, "video id"},
    };
    const TemporaryFolder folder;
    for (const Fault &fault : faults) {
        const std::string path = folder / "table.csv";
        put_file(path, std::string(header) + "Biking/b,10,2,0,1,1,1,5,5\n" + fault.row + "\n");
        Annotation read;
        ASSERT_EQ(read.read(path), SSLACT_OK) << fault.row;
        ASSERT_EQ(read.found.size(), 1u) << fault.row;
        EXPECT_EQ(read.found[0].kind, fault.kind) << fault.row;
        EXPECT_EQ(read.found[0].place, path + ":3");
        EXPECT_NE(read.found[0].what.find(fault.words), std::string::npos) << read.found[0].what;
        EXPECT_EQ(read.annotation.rows.count, fault.kind == DATA_PROBLEM_BOX_CUT ? 2u : 1u)
            << fault.row;

        Annotation strict; // without a check the first of them ends the reading
        strict.problems.callback = nullptr;
        EXPECT_EQ(strict.read(path), fault.kind == DATA_PROBLEM_BOX_CUT   ? SSLACT_OK
                                     : fault.kind == DATA_PROBLEM_CLASSES ? SSLACT_ERROR_MISMATCH
                                                                          : SSLACT_ERROR_FORMAT)
            << fault.row;
    }
}

TEST(UcfTable, BoxesOverTheEdgeAreCutThere)
{
    const TemporaryFolder folder;
    put_file(folder / "table.csv", std::string(header) + "Biking/a,10,2,0,0,-1,-2,322,250\n");
    Annotation read;
    ASSERT_EQ(read.read(folder / "table.csv"), SSLACT_OK);
    EXPECT_EQ(read.list(), (std::vector<Row>{{"Biking/a", 1, 2, 0, 0, 320, 240}}));
}

TEST(UcfTable, NeedsItsHeaderWhereItHasOne)
{
    const TemporaryFolder folder;
    put_file(folder / "table.csv",
             "video,num_frames,class_id,tube,frame,x1,y1,x2,y2\nBiking/a,10,2,0,1,1,1,5,5\n");
    Annotation read;
    ASSERT_EQ(read.read(folder / "table.csv"), SSLACT_OK);
    ASSERT_EQ(read.found.size(), 1u);
    EXPECT_EQ(read.found[0].kind, DATA_PROBLEM_COLUMNS);
}

TEST(UcfTable, PackedFilesAreNamedAsSuch)
{
    const TemporaryFolder folder;
    const std::pair<std::string, const char *> packed[] = {
        {std::string("\xfd"
                     "7zXZ\0\0\4",
                     8),
         "xz -dk"},
        {"\x1f\x8b\x08", "gzip -dk"},
        {"MATLAB 5.0 MAT-file, Platform: GLNXA64", "expected pyannot.pkl"}};
    for (const auto &[bytes, words] : packed) {
        put_file(folder / "packed", bytes);
        Annotation read;
        EXPECT_EQ(read.read(folder / "packed"), SSLACT_ERROR_FORMAT);
        EXPECT_NE(std::string(sslact_error_get_message()).find(words), std::string::npos)
            << sslact_error_get_message();
    }
}

TEST(UcfFolder, FaultyLinesAndNamesAreReportedWithTheirFile)
{
    const TemporaryFolder folder;
    const std::string video = folder / "labels/Biking/v";
    std::filesystem::create_directories(video);
    put_file(video + "/00001.txt", "3 1 1 5 5\n\n3 1 1 5\n3 one 1 5 5\n0 1 1 5 5\n3 5 1 5 5");
    put_file(video + "/1.txt", "3 1 1 5 5\n");
    put_file(video + "/00000.txt", "3 1 1 5 5\n");
    put_file(folder / "labels/readme.txt", "words\n");
    Annotation read;
    ASSERT_EQ(read.read(folder / "labels"), SSLACT_OK) << sslact_error_get_message();
    std::multimap<std::string, data_problem> found;
    for (const FoundProblem &problem : read.found) {
        found.emplace(problem.place, problem.kind);
    }
    const std::multimap<std::string, data_problem> faults = {
        {video + "/00001.txt:3", DATA_PROBLEM_COLUMNS},
        {video + "/00001.txt:4", DATA_PROBLEM_COORDINATE},
        {video + "/00001.txt:5", DATA_PROBLEM_ACTION},
        {video + "/00001.txt:6", DATA_PROBLEM_BOX_REVERSED},
        {video, DATA_PROBLEM_NAME},
        {video, DATA_PROBLEM_NAME},
        {folder / "labels", DATA_PROBLEM_NAME}};
    EXPECT_EQ(found, faults);
    EXPECT_EQ(read.list(), (std::vector<Row>{{"Biking/v", 1, 2, 1, 1, 5, 5}}));
}

TEST(UcfFolder, ListsThatLeaveTheirFolderAreRefused)
{
    const TemporaryFolder folder;
    put_file(folder / "list.txt", "labels/Biking/v/00001.txt\n../Biking/v/00001.txt\n"
                                  "/etc/Biking/v/00001.txt\n");
    std::filesystem::create_directories(folder / "labels/Biking/v");
    put_file(folder / "labels/Biking/v/00001.txt", "3 1 1 5 5\n");
    Annotation read;
    ASSERT_EQ(read.read(folder / "list.txt"), SSLACT_OK) << sslact_error_get_message();
    ASSERT_EQ(read.found.size(), 2u);
    EXPECT_EQ(read.found[0].place, folder / "list.txt:2");
    EXPECT_EQ(read.found[1].place, folder / "list.txt:3");
    EXPECT_EQ(read.annotation.rows.count, 1u);
}

// ---- pickles that are not what they should be ----

TEST(UcfPickles, OthersAreRefused)
{
    const TemporaryFolder folder;
    const std::pair<std::string, const char *> pickles[] = {
        {"\x80\x02].", "holds no dict"},
        {"\x80\x02}.more", "bytes behind the pickle"},
        {"\x80\x02}", "0 are left"},
        {"\x80\x02"
         "cos\nsystem\nU\x04true\x85R.",
         "os.system"},
        {"\x80\x02}U\x07gttubesK\x01s.", "gttubes is no dict"},
    };
    for (const auto &[bytes, words] : pickles) {
        put_file(folder / "annotation.pkl", bytes);
        Annotation read;
        EXPECT_EQ(read.read(folder / "annotation.pkl"), SSLACT_ERROR_FORMAT) << words;
        const std::string message = sslact_error_get_message();
        EXPECT_EQ(message.rfind(folder / "annotation.pkl", 0), 0u) << message;
        EXPECT_NE(message.find(words), std::string::npos) << message;
    }
}

TEST(UcfPickles, ParticularsAreReportedWithTheirVideo)
{
    const TemporaryFolder folder;
    const std::string video = "U\x08"
                              "Biking/v";
    const std::pair<std::string, const char *> pickles[] = {
        {video + "K\x01s", "no numf"},
        {"K\x05}s", "a key that is no text"},
        {video + "}(U\x04numfK\x05U\x0b"
                 "annotations]}aus",
         "without label, sf, ef and boxes"},
    };
    for (const auto &[bytes, words] : pickles) {
        put_file(folder / "annotation.pkl", "\x80\x02}" + bytes + ".");
        Annotation read;
        ASSERT_EQ(read.read(folder / "annotation.pkl"), SSLACT_OK) << sslact_error_get_message();
        ASSERT_EQ(read.found.size(), 1u) << words;
        EXPECT_NE(read.found[0].what.find(words), std::string::npos) << read.found[0].what;
        EXPECT_EQ(read.annotation.rows.count, 0u);
    }
}

TEST(UcfPickles, BoxesAreReportedWithTheirIndexPath)
{
    // The first "label" of the file, that of the first tube, becomes 1: a class of another folder.
    std::string bytes = get_file(get_path("pyannot_protocol_3.pkl"));
    const size_t name = bytes.find("label"), at = bytes.find(std::string("K\0", 2), name);
    ASSERT_NE(at, std::string::npos);
    ASSERT_LT(at - name, 12u);
    bytes[at + 1] = 1;
    const TemporaryFolder folder;
    put_file(folder / "pyannot.pkl", bytes);
    Annotation read;
    ASSERT_EQ(read.read(folder / "pyannot.pkl"), SSLACT_OK) << sslact_error_get_message();
    ASSERT_FALSE(read.found.empty());
    EXPECT_NE(
        read.found[0].place.find("pyannot.pkl[\"" + basketball + "\"].annotations[0].boxes[0]"),
        std::string::npos)
        << read.found[0].place << ": " << read.found[0].what;
    EXPECT_EQ(read.found[0].kind, DATA_PROBLEM_CLASSES);
}

TEST(UcfPickles, NamesOfClassesMustBeThoseOfTheList)
{
    for (const char *name : {"pyannot_with_class_names.pkl", "tubes_protocol_4.pkl"}) {
        std::string bytes = get_file(get_path(name));
        // The name alone and not within a video's: behind its length.
        const bool is_short = bytes.find("\x8c\x06"
                                         "Biking") != std::string::npos;
        const std::string before = is_short ? "\x8c\x06" : std::string("X\x06\0\0\0", 5);
        const size_t list = bytes.find(before + "Biking") + before.size();
        bytes[list] = 'H';
        const TemporaryFolder folder;
        put_file(folder / "named.pkl", bytes);
        Annotation read;
        ASSERT_EQ(read.read(folder / "named.pkl"), SSLACT_OK) << sslact_error_get_message();
        ASSERT_EQ(read.found.size(), 1u) << name;
        EXPECT_EQ(read.found[0].kind, DATA_PROBLEM_CLASSES);
        EXPECT_EQ(read.found[0].what,
                  "class 2 is \"Hiking\" here and \"Biking\" in the list of classes");
    }
}

// ---- mutations ----

uint64_t draw(uint64_t &state)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

class Mutations : public testing::TestWithParam<const char *>
{
protected:
    void read(const std::string &bytes)
    {
        std::filesystem::remove(path_);
        put_file(path_, bytes);
        Annotation annotation;
        const sslact_status status = annotation.read(path_);
        if (status < 0) {
            const std::string message = sslact_error_get_message();
            EXPECT_TRUE(status == SSLACT_ERROR_FORMAT || status == SSLACT_ERROR_CONFIG) << message;
            EXPECT_EQ(message.find('\n'), std::string::npos) << message;
        }
        for (const FoundProblem &problem : annotation.found) {
            EXPECT_EQ(problem.place.rfind(path_, 0), 0u) << problem.place;
            EXPECT_EQ(problem.what.find('\n'), std::string::npos) << problem.what;
        }
        for (size_t i = 0; i < annotation.annotation.rows.count; i++) {
            const ava_row &row = annotation.annotation.rows.rows[i];
            EXPECT_TRUE(row.x1 >= 0 && row.x1 < row.x2 && row.x2 <= 1);
            EXPECT_TRUE(row.y1 >= 0 && row.y1 < row.y2 && row.y2 <= 1);
            EXPECT_GE(row.time_us, 1000000);
        }
        disturbed_ += status < 0 || !annotation.found.empty();
    }

    TemporaryFolder folder_;
    std::string path_ = folder_ / "mutated";
    std::string good_ = get_file(get_path(GetParam()));
    int disturbed_ = 0;
};

TEST_P(Mutations, AreReadOrRefused)
{
    ASSERT_FALSE(good_.empty());
    uint64_t state = 88172645463325252u;
    for (size_t size = 0; size < good_.size(); size += 3) {
        read(good_.substr(0, size));
    }
    for (int round = 0; round < 1500; round++) {
        std::string bytes = good_;
        const int changes = 1 + static_cast<int>(draw(state) % 4);
        for (int i = 0; i < changes; i++) {
            bytes[draw(state) % bytes.size()] = static_cast<char>(draw(state));
        }
        read(bytes);
    }
    EXPECT_GT(disturbed_, 500);
}

INSTANTIATE_TEST_SUITE_P(Files, Mutations,
                         testing::Values("table.csv", "pyannot_protocol_0.pkl",
                                         "pyannot_protocol_3.pkl", "tubes_python_2_protocol_2.pkl",
                                         "tubes_protocol_4.pkl"));

} // namespace
