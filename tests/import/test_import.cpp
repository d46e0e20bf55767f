// Annotation of CVAT and COCO, in files written here by their documentation, becomes the simple
// form.
#include "import/import.h"

#include <cmath>
#include <filesystem>

#include <gtest/gtest.h>

#include "media/encoder.h"
#include "support/temporary.h"

namespace
{

using test::get_file;
using test::put_file;
using test::TemporaryFolder;

struct Import {
    Import() { SSLACT_INIT(options); }
    std::string give(const std::string &name, const std::string &content)
    {
        paths.push_back(folder / name);
        put_file(paths.back(), content);
        return paths.back();
    }
    sslact_status run()
    {
        std::vector<const char *> list;
        for (const std::string &path : paths) {
            list.push_back(path.c_str());
        }
        SSLACT_INIT(summary);
        return import_annotation(list.data(), list.size(), (folder / "out").c_str(), &options,
                                 &summary);
    }
    // The rows of the sheet behind its header.
    std::string rows()
    {
        EXPECT_EQ(run(), SSLACT_OK) << sslact_error_get_message();
        const std::string sheet = get_file(folder / "out/boxes.csv");
        const std::string header = "video,time,x1,y1,x2,y2,action,person\n";
        EXPECT_EQ(sheet.substr(0, header.size()), header);
        return sheet.size() < header.size() ? sheet : sheet.substr(header.size());
    }
    std::string actions() const { return get_file(folder / "out/actions.txt"); }
    // The message, without the path of the first file, and nothing written.
    std::string fail(sslact_status status)
    {
        EXPECT_EQ(run(), status);
        EXPECT_FALSE(std::filesystem::exists(folder / "out"));
        std::string message = sslact_error_get_message();
        return message.rfind(paths[0], 0) == 0 ? message.substr(paths[0].size()) : message;
    }

    TemporaryFolder folder;
    std::vector<std::string> paths;
    sslact_import_options options;
    sslact_import_summary summary;
};

// --- CVAT ---

const char *const meta_labels = "<labels><label><name>walk</name><attributes></attributes></label>"
                                "<label><name>sit</name><attributes/></label></labels>";
const char *const meta_person =
    "<labels><label><name>person</name><attributes>"
    "<attribute><name>talk</name><mutable>True</mutable><input_type>checkbox</input_type>"
    "<default_value>false</default_value><values>false</values></attribute>"
    "<attribute><name>pose</name><mutable>True</mutable><input_type>select</input_type>"
    "<default_value>__undefined__</default_value><values>__undefined__\nstand\nsit</values>"
    "</attribute>"
    "<attribute><name>age</name><mutable>False</mutable><input_type>number</input_type>"
    "<default_value>1</default_value><values>1\n99\n1</values></attribute>"
    "</attributes></label></labels>";

std::string make_cvat(const std::string &labels, const std::string &body,
                      const std::string &source = "<source>monday.mp4</source>")
{
    return "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<annotations>\n<version>1.1</version>\n"
           "<meta><task><id>5</id><name>gym, first day</name><size>100</size>"
           "<mode>interpolation</mode>" +
           labels +
           "<segments><segment><id>5</id><start>0</start><stop>99</stop></segment></segments>"
           "<owner><username>admin</username><email></email></owner>" +
           source +
           "<original_size><width>200</width><height>100</height></original_size></task>"
           "<dumped>2018-09-25</dumped></meta>\n" +
           body + "</annotations>\n";
}

std::string make_box(int frame, const char *corners, const char *more = "outside=\"0\"",
                     const std::string &content = "")
{
    return "<box frame=\"" + std::to_string(frame) + "\" " + corners + " occluded=\"0\" " + more +
           " keyframe=\"1\">" + content + "</box>\n";
}

const char *const corners_a = "xtl=\"20.00\" ytl=\"10.00\" xbr=\"60.00\" ybr=\"90.00\"";
const char *const corners_b = "xtl=\"100.0\" ytl=\"20.0\" xbr=\"150.0\" ybr=\"80.0\"";

TEST(Cvat, TracksOfAVideoBecomeRows)
{
    Import import;
    import.options.frame_rate = 25;
    import.give("a.xml",
                make_cvat(meta_labels, "<track id=\"0\" label=\"sit\" source=\"manual\">\n" +
                                           make_box(0, corners_a) + make_box(25, corners_b) +
                                           make_box(26, corners_b, "outside=\"1\"") +
                                           "</track><track id=\"7\" label=\"walk\">" +
                                           make_box(25, corners_a) + "</track>"));

    EXPECT_EQ(import.rows(), "monday.mp4,0,0.1,0.1,0.3,0.9,sit,0\n"
                             "monday.mp4,1,0.1,0.1,0.3,0.9,walk,7\n"
                             "monday.mp4,1,0.5,0.2,0.75,0.8,sit,0\n");
    EXPECT_EQ(import.actions(), "walk\nsit\n") << "in the order of the labels";
    EXPECT_EQ(import.summary.videos, 1);
    EXPECT_EQ(import.summary.key_frames, 2);
    EXPECT_EQ(import.summary.people, 3);
    EXPECT_EQ(import.summary.labels, 3);
    EXPECT_EQ(import.summary.actions, 2);
    EXPECT_EQ(import.summary.boxes_left_out, 0);
    const std::string config = get_file(import.folder / "out/own.yaml");
    EXPECT_NE(config.find("dataset: own"), std::string::npos);
    EXPECT_NE(config.find("class_count: 2\n"), std::string::npos);
}

TEST(Cvat, AttributesOfPeopleAreTheirActions)
{
    Import import;
    import.options.frame_rate = 25;
    const std::string body =
        "<track id=\"0\" label=\"person\">" +
        make_box(0, corners_a, "outside=\"0\"",
                 "<attribute name=\"talk\">true</attribute>"
                 "<attribute name=\"pose\">sit</attribute><attribute name=\"age\">40</attribute>") +
        make_box(1, corners_a, "outside=\"0\"",
                 "<attribute name=\"talk\">false</attribute>"
                 "<attribute name=\"pose\">__undefined__</attribute>") +
        "</track>";
    import.give("a.xml", make_cvat(meta_person, body));

    EXPECT_EQ(import.rows(), "monday.mp4,0,0.1,0.1,0.3,0.9,talk|sit,0\n"
                             "monday.mp4,0.04,0.1,0.1,0.3,0.9,,0\n");
    EXPECT_EQ(import.actions(), "talk\nstand\nsit\n");

    Import labels;
    labels.options.frame_rate = 25;
    labels.options.actions = "labels";
    labels.give("a.xml", make_cvat(meta_person, body));
    EXPECT_EQ(labels.rows().substr(0, 41), "monday.mp4,0,0.1,0.1,0.3,0.9,person,0\nmon");
    EXPECT_EQ(labels.actions(), "person\n");
}

TEST(Cvat, ImagesBecomeFramesOfTheirFolderOrTask)
{
    Import import;
    import.options.frame_rate = 10;
    const std::string box = std::string("<box label=\"walk\" source=\"manual\" occluded=\"0\" ") +
                            corners_a + " z_order=\"0\"></box>";
    import.give(
        "a.xml",
        make_cvat(meta_labels, "<image id=\"0\" name=\"tuesday/frame_000020.png\" width=\"200\" "
                               "height=\"100\">" +
                                   box +
                                   "</image><image id=\"1\" name=\"frame_000005\" width=\"100\" "
                                   "height=\"100\">" +
                                   box + "</image>"));

    EXPECT_EQ(import.rows(), "monday.mp4,0.5,0.2,0.1,0.6,0.9,walk,\n"
                             "tuesday,2,0.1,0.1,0.3,0.9,walk,\n");
}

TEST(Cvat, FilesOfSeveralTasksMakeOneDataSet)
{
    Import import;
    import.options.frame_rate = 25;
    import.give("a.xml", make_cvat(meta_labels, "<track id=\"0\" label=\"sit\">" +
                                                    make_box(0, corners_a) + "</track>"));
    import.give("b.xml",
                make_cvat(meta_labels,
                          "<track id=\"0\" label=\"walk\">" + make_box(50, corners_b) + "</track>",
                          ""));

    EXPECT_EQ(import.rows(), "\"gym, first day\",2,0.5,0.2,0.75,0.8,walk,0\n"
                             "monday.mp4,0,0.1,0.1,0.3,0.9,sit,0\n")
        << "a task without source is called by its name";
    EXPECT_EQ(import.actions(), "walk\nsit\n");
}

TEST(Cvat, ShapesThatAreNoBoxesAreCounted)
{
    Import import;
    import.options.frame_rate = 25;
    import.give("a.xml",
                make_cvat(meta_labels,
                          "<track id=\"0\" label=\"sit\"><polygon frame=\"0\" points=\"1,1;2,2\" "
                          "outside=\"0\"></polygon>" +
                              make_box(0, "xtl=\"-10\" ytl=\"10\" xbr=\"60\" ybr=\"190\"") +
                              make_box(1, "xtl=\"300\" ytl=\"10\" xbr=\"360\" ybr=\"90\"") +
                              make_box(2, "xtl=\"30\" ytl=\"50\" xbr=\"30\" ybr=\"90\"") +
                              "</track>"));

    EXPECT_EQ(import.rows(), "monday.mp4,0,0,0.1,0.3,1,sit,0\n");
    EXPECT_EQ(import.summary.shapes_left_out, 1);
    EXPECT_EQ(import.summary.boxes_clipped, 1);
    EXPECT_EQ(import.summary.boxes_left_out, 2) << "one outside, one without width";
}

TEST(Cvat, TurnedBoxesBecomeTheUprightOnesAroundThem)
{
    Import import;
    import.options.frame_rate = 25;
    import.give("a.xml", make_cvat(meta_labels,
                                   "<track id=\"0\" label=\"sit\">" +
                                       make_box(0, corners_a, "outside=\"0\" rotation=\"90.00\"") +
                                       "</track>"));
    // 40 x 80 about (40, 50), turned by a quarter: 80 x 40.
    EXPECT_EQ(import.rows(), "monday.mp4,0,0,0.3,0.4,0.7,sit,0\n");
}

// --- COCO ---

const char *const coco_frame =
    "{\"info\": {}, \"categories\": [{\"id\": 2, \"name\": \"sit\"}, {\"id\": 1, \"name\": "
    "\"walk\"}],\n"
    " \"videos\": [{\"id\": 11, \"name\": \"monday\", \"fps\": 10}, {\"id\": 12, \"name\": "
    "\"tuesday\"}],\n"
    " \"images\": [{\"id\": 5, \"video_id\": 11, \"frame_id\": 15, \"file_name\": \"x.jpg\", "
    "\"width\": 200, \"height\": 100},\n"
    "            {\"id\": 6, \"video_id\": 12, \"frame_index\": 50, \"file_name\": \"y.jpg\", "
    "\"width\": 100, \"height\": 100}],\n"
    " \"annotations\": [{\"id\": 1, \"image_id\": 5, \"category_id\": 2, \"bbox\": [20, 10, 40, "
    "80], \"instance_id\": 3},\n"
    "                 {\"id\": 2, \"image_id\": 5, \"category_id\": 1, \"bbox\": [20, 10, 40, "
    "80]},\n"
    "                 {\"id\": 3, \"image_id\": 6, \"category_id\": 1, \"bbox\": [50.5, 0, 25, "
    "50], "
    "\"track_id\": 9},\n"
    "                 {\"id\": 4, \"image_id\": 6, \"category_id\": 1, \"segmentation\": []}]}";

TEST(Coco, PicturesThatNameVideoAndFrameBecomeRows)
{
    Import import;
    import.options.frame_rate = 25;
    import.give("a.json", coco_frame);

    EXPECT_EQ(import.rows(), "monday,0.6,0.1,0.1,0.3,0.9,walk|sit,3\n"
                             "tuesday,2,0.505,0,0.755,0.5,walk,9\n")
        << "two annotations of one box are one person who does both";
    EXPECT_EQ(import.actions(), "walk\nsit\n") << "by ascending id";
    EXPECT_EQ(import.summary.people, 2);
    EXPECT_EQ(import.summary.labels, 3);
    EXPECT_EQ(import.summary.shapes_left_out, 1);
}

TEST(Coco, FramesMayCountFromOne)
{
    Import import;
    import.options.frame_rate = 25;
    import.options.first_frame = 1;
    import.give("a.json", coco_frame);
    EXPECT_EQ(import.rows().substr(0, 11), "monday,0.56");
}

TEST(Coco, PicturesInFoldersNameTheirVideo)
{
    Import import;
    import.options.frame_rate = 25;
    import.give("a.json",
                "{\"categories\": [{\"id\": 1, \"name\": \"walk\"}], \"images\": [{\"id\": 1, "
                "\"file_name\": \"friday/img_00050.jpg\", \"width\": 100, \"height\": 100}], "
                "\"annotations\": [{\"image_id\": 1, \"category_id\": 1, \"bbox\": [0, 0, 50, "
                "50]}]}");
    EXPECT_EQ(import.rows(), "friday,2,0,0,0.5,0.5,walk,\n");
}

TEST(Coco, AttributesOfASingleCategoryAreTheActions)
{
    Import import;
    import.options.frame_rate = 25;
    import.options.video = "friday";
    import.give("a.json",
                "{\"categories\": [{\"id\": 1, \"name\": \"person\"}], \"images\": [{\"id\": 1, "
                "\"file_name\": \"frame_000050.PNG\", \"width\": 100, \"height\": 100}], "
                "\"annotations\": [{\"image_id\": 1, \"category_id\": 1, \"bbox\": [0, 0, 50, 50], "
                "\"attributes\": {\"occluded\": true, \"talk\": true, \"walk\": false, \"pose\": "
                "\"sit\", \"rotation\": 0.0}}]}");
    EXPECT_EQ(import.rows(), "friday,2,0,0,0.5,0.5,talk|sit,\n");
}

TEST(Coco, TracksWithAListOfBoxesBecomeRows)
{
    Import import;
    import.options.frame_rate = 10;
    import.give("a.json",
                "{\"categories\": [{\"id\": 1, \"name\": \"walk\"}], \"videos\": [{\"id\": 3, "
                "\"width\": 100, \"height\": 100, \"length\": 3, \"file_names\": "
                "[\"00f8/00000.jpg\", \"00f8/00005.jpg\", \"00f8/00010.jpg\"]}], \"annotations\": "
                "[{\"id\": 8, \"video_id\": 3, \"category_id\": 1, \"bboxes\": [[0, 0, 50, 50], "
                "null, [10, 0, 50, 50]]}]}");
    EXPECT_EQ(import.rows(), "00f8,0,0,0,0.5,0.5,walk,8\n00f8,1,0.1,0,0.6,0.5,walk,8\n");
}

// --- times of the videos ---

// 20 frames of 64 x 32 at 8 a second.
void make_video(const std::string &path)
{
    encoder_options options = {};
    options.width = 64;
    options.height = 32;
    options.rate_numerator = 8;
    options.rate_denominator = 1;
    encoder *e = nullptr;
    ASSERT_EQ(encoder_open(path.c_str(), &options, &e), SSLACT_OK) << sslact_error_get_message();
    const std::vector<uint8_t> pixels(64 * 32 * 3, 99);
    for (int n = 0; n < 20; n++) {
        ASSERT_EQ(encoder_write(e, pixels.data()), SSLACT_OK);
    }
    ASSERT_EQ(encoder_finish(e), SSLACT_OK) << sslact_error_get_message();
}

TEST(Videos, GiveTheTimesOfTheFrames)
{
    Import import;
    const std::string root = import.folder / "videos";
    std::filesystem::create_directories(root + "/day");
    make_video(root + "/day/monday.mp4");
    import.options.video_root = root.c_str();
    import.options.frame_rate = 0;
    import.give("a.xml",
                make_cvat(meta_labels, "<track id=\"0\" label=\"sit\">" + make_box(5, corners_a) +
                                           make_box(20, corners_a) + "</track>"));

    // Frame 5 of 8 a second; frame 20 is not there. The size is that of the annotated pictures.
    EXPECT_EQ(import.rows(), "monday.mp4,0.625,0.1,0.1,0.3,0.9,sit,0\n");
    EXPECT_EQ(import.summary.boxes_left_out, 1);
    EXPECT_NE(get_file(import.folder / "out/own.yaml").find("video_root: '" + root + "'"),
              std::string::npos);
}

TEST(Videos, ThatAreNotThereAreSaidWithTheNearestName)
{
    Import import;
    const std::string root = import.folder / "videos";
    std::filesystem::create_directories(root);
    make_video(root + "/mondai.mp4");
    import.options.video_root = root.c_str();
    import.give("a.xml", make_cvat(meta_labels, "<track id=\"0\" label=\"sit\">\n" +
                                                    make_box(5, corners_a) + "</track>"));
    EXPECT_EQ(import.fail(SSLACT_ERROR_NOT_FOUND),
              ":6: video \"monday.mp4\" not found below " + root + ", did you mean \"mondai.mp4\"");
}

// --- what can go wrong ---

struct Broken {
    const char *content;
    const char *message; // behind the path
};

class BrokenFiles : public testing::TestWithParam<Broken>
{
};

TEST_P(BrokenFiles, AreSaidAndNothingIsWritten)
{
    Import import;
    import.options.frame_rate = 25;
    import.give("a", GetParam().content);
    EXPECT_EQ(import.fail(SSLACT_ERROR_FORMAT), GetParam().message);
}

INSTANTIATE_TEST_SUITE_P(
    Files, BrokenFiles,
    testing::Values(
        Broken{"",
               ": begins with neither \"<\" nor \"{\", expected CVAT's XML or COCO's JSON; a zip "
               "is to be unpacked"},
        Broken{"PK\x03\x04", ": begins with neither \"<\" nor \"{\", expected CVAT's XML or COCO's "
                             "JSON; a zip is to be unpacked"},
        Broken{"<html></html>", ":1: the file begins with <html>, expected CVAT's <annotations>"},
        Broken{"<annotations>\n<track>\n", ":3: no XML: no element found"},
        Broken{"<!DOCTYPE a [<!ENTITY b \"cccc\">]>\n<annotations>&b;</annotations>",
               ":1: declares the entity \"b\", expected none"},
        Broken{"<annotations></annotations>", ": no box of a person found"},
        Broken{"<annotations><track id=\"0\" label=\"sit\"><box frame=\"0\" xtl=\"a\"/></track>"
               "</annotations>",
               ":1: the file does not name its video, expected its name (video, --video)"},
        Broken{"<annotations><meta><task><name>t</name></task></meta><track id=\"0\" "
               "label=\"sit\">\n<box frame=\"0\" xtl=\"a\"/></track></annotations>",
               ":2: xtl=\"a\", expected a number"},
        Broken{"{\"annotations\": [", ":1: no JSON: ']' expected near end of file"},
        Broken{"{\"annotations\": []}",
               ": expected the lists annotations, categories and images or videos of COCO's form"},
        Broken{"{\"categories\": [{\"id\": 1}], \"images\": [], \"annotations\": []}",
               ": categories[0], expected an id and a name"},
        Broken{"{\"categories\": [], \"images\": [], \"annotations\": [{\"bbox\": [1, 2, 3, 4], "
               "\"image_id\": 4}]}",
               ": annotations[0], expected the image_id of an image"},
        Broken{
            "{\"categories\": [{\"id\": 1, \"name\": \"walk\"}], \"images\": [{\"id\": 4, "
            "\"file_name\": \"a/1.jpg\"}], \"annotations\": [{\"bbox\": [1, 2, 3], \"image_id\": "
            "4}]}",
            ": annotations[0].bbox, expected four numbers: x, y, width, height"},
        Broken{"{\"categories\": [{\"id\": 1, \"name\": \"walk\"}], \"images\": [{\"id\": 4, "
               "\"file_name\": \"a/1.jpg\"}], \"annotations\": [{\"bbox\": [1, 2, 3, 4], "
               "\"image_id\": 4, \"category_id\": 3}]}",
               ": annotations[0], expected the category_id of a category"},
        Broken{"{\"categories\": [{\"id\": 1, \"name\": \"walk\"}], \"images\": [{\"id\": 4, "
               "\"file_name\": \"1.jpg\"}], \"annotations\": [{\"bbox\": [1, 2, 3, 4], "
               "\"image_id\": 4, \"category_id\": 1}]}",
               ": images[0]: nothing says which video picture \"1.jpg\" is of, expected its name "
               "(video, --video)"},
        Broken{"{\"categories\": [{\"id\": 1, \"name\": \"a|b\"}], \"images\": [], "
               "\"annotations\": []}",
               ": action \"a|b\", expected a name without control characters, quotes and \"|\""}));

TEST(BrokenFiles, OfAWholeProjectAreRefused)
{
    Import import;
    import.give("a.xml", "<annotations><meta>\n<project><id>1</id></project></meta></annotations>");
    EXPECT_EQ(import.fail(SSLACT_ERROR_UNSUPPORTED),
              ":2: the annotation of a whole project, expected that of one task; export each task");
}

TEST(Options, ThatAreMissingAreNamed)
{
    Import rate;
    rate.give("a.xml", make_cvat(meta_labels, "<track id=\"0\" label=\"sit\">\n" +
                                                  make_box(5, corners_a) + "</track>"));
    EXPECT_EQ(rate.fail(SSLACT_ERROR_INVALID_ARGUMENT),
              ":6: nothing says when frame 5 of video \"monday.mp4\" is shown, expected the folder "
              "of the videos (--videos) or the frames a second (--frame-rate)");

    Import size;
    size.options.frame_rate = 25;
    size.give("a.json", "{\"categories\": [{\"id\": 1, \"name\": \"walk\"}], \"images\": [{\"id\": "
                        "4, \"file_name\": \"a/1.jpg\"}], \"annotations\": [{\"bbox\": [1, 2, 3, "
                        "4], \"image_id\": 4, \"category_id\": 1}]}");
    EXPECT_EQ(
        size.fail(SSLACT_ERROR_INVALID_ARGUMENT),
        ": nothing says how large the pictures of video \"a\" are, expected the folder of the "
        "videos (--videos)");
}

TEST(Output, IsNeverOverwritten)
{
    Import import;
    import.options.frame_rate = 25;
    import.give("a.json", coco_frame);
    std::filesystem::create_directories(import.folder / "out");
    put_file(import.folder / "out/actions.txt", "mine");

    EXPECT_EQ(import.run(), SSLACT_ERROR_INVALID_ARGUMENT);
    EXPECT_EQ(sslact_error_get_message(),
              (import.folder / "out/actions.txt") +
                  ": the file is there already, expected a folder without it");
    EXPECT_EQ(import.actions(), "mine");
    EXPECT_FALSE(std::filesystem::exists(import.folder / "out/boxes.csv"));
}

// Every beginning of a good file, and every file with one byte changed, ends with an answer.
TEST(HostileFiles, EndWithAnAnswer)
{
    const std::string good[] = {
        make_cvat(meta_person, "<track id=\"0\" label=\"person\">" +
                                   make_box(0, corners_a, "outside=\"0\"",
                                            "<attribute name=\"talk\">true</attribute>") +
                                   "</track>"),
        coco_frame};
    for (const std::string &content : good) {
        for (size_t k = 0; k < content.size(); k += 13) {
            Import cut, changed;
            cut.options.frame_rate = changed.options.frame_rate = 25;
            cut.give("a", content.substr(0, k));
            const sslact_status status_cut = cut.run();
            EXPECT_EQ(status_cut >= 0, std::filesystem::exists(cut.folder / "out"));
            EXPECT_TRUE(status_cut < 0 || k + 3 > content.size()) << k;
            std::string bytes = content;
            bytes[k] = static_cast<char>(bytes[k] ^ (1 << (k % 7)));
            changed.give("a", bytes);
            const sslact_status status = changed.run();
            EXPECT_EQ(status >= 0, std::filesystem::exists(changed.folder / "out"));
        }
    }
}

} // namespace
