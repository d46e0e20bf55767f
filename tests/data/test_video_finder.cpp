// From video ids to files.
#include "data/video_finder.h"

#include "data_support.h"

namespace
{

using test::put_file;
using test::TemporaryFolder;

struct Finder {
    explicit Finder(const TemporaryFolder &folder, const std::string &list = "")
    {
        status = video_finder_open(folder.path().c_str(), list.c_str(), &finder);
    }
    ~Finder() { video_finder_free(finder); }
    Finder(const Finder &) = delete;
    Finder &operator=(const Finder &) = delete;

    // The path below the folder, or the message.
    std::string find(const TemporaryFolder &folder, const char *video)
    {
        text path = {};
        std::string found;
        if (video_finder_find(finder, video, &path) >= 0) {
            found = std::string(text_get(&path)).substr(folder.path().size() + 1);
        } else {
            found = sslact_error_get_message();
        }
        text_free(&path);
        return found;
    }
    video_finder *finder = nullptr;
    sslact_status status;
};

TemporaryFolder &make_tree(TemporaryFolder &folder)
{
    namespace fs = std::filesystem;
    fs::create_directories(folder / "part1/Biking");
    fs::create_directories(folder / "part2");
    fs::create_directories(folder / "frames/film_7");
    put_file(folder / "-5KQ66BBWC4.mkv", "");
    put_file(folder / "_a_b_.MP4", "");
    put_file(folder / "notes.txt", "");
    put_file(folder / "part1/Biking/v_Biking_g01_c01.avi", "");
    put_file(folder / "part1/twice.mp4", "");
    put_file(folder / "part2/twice.mp4", "");
    put_file(folder / "part2/-late.webm", "");
    put_file(folder / "frames/film_7/000001.jpg", "");
    put_file(folder / "frames/film_7/000002.jpg", "");
    return folder;
}

TEST(VideoFinder, FindsFilesByIdWhateverTheirExtensionAndDepth)
{
    TemporaryFolder folder;
    Finder finder(make_tree(folder));

    EXPECT_EQ(finder.find(folder, "-5KQ66BBWC4"), "-5KQ66BBWC4.mkv");
    EXPECT_EQ(finder.find(folder, "_a_b_"), "_a_b_.MP4");
    EXPECT_EQ(finder.find(folder, "-late"), "part2/-late.webm");
    EXPECT_EQ(finder.find(folder, "v_Biking_g01_c01"), "part1/Biking/v_Biking_g01_c01.avi");
    EXPECT_EQ(finder.find(folder, "Biking/v_Biking_g01_c01"), "part1/Biking/v_Biking_g01_c01.avi");
    EXPECT_EQ(finder.find(folder, "twice"), "part1/twice.mp4") << "the first in byte order";
    EXPECT_EQ(finder.find(folder, "part2/twice"), "part2/twice.mp4");
    EXPECT_EQ(finder.find(folder, "film_7"), "frames/film_7") << "a folder of pictures";
}

TEST(VideoFinder, SaysWhereItHasLooked)
{
    TemporaryFolder folder;
    Finder finder(make_tree(folder));

    EXPECT_EQ(finder.find(folder, "absent"),
              "video \"absent\" not found, expected absent.mp4, .mkv, .webm, .avi or another video "
              "file, or a folder of pictures of that name, below " +
                  folder.path());
    EXPECT_EQ(finder.find(folder, "notes").substr(0, 23), "video \"notes\" not found");
    EXPECT_EQ(finder.find(folder, "Hiking/v_Biking_g01_c01").substr(0, 5), "video");
}

TEST(VideoFinder, FindsFilesByTheirWholeNameToo)
{
    TemporaryFolder folder;
    Finder finder(make_tree(folder));
    put_file(folder / "part2/twice.avi", "");

    EXPECT_EQ(finder.find(folder, "-5KQ66BBWC4.mkv"), "-5KQ66BBWC4.mkv");
    EXPECT_EQ(finder.find(folder, "-late.webm"), "part2/-late.webm");
    EXPECT_EQ(finder.find(folder, "twice.avi"), "part2/twice.avi");
    EXPECT_EQ(finder.find(folder, "twice"), "part1/twice.mp4");
    EXPECT_EQ(finder.find(folder, "twice.mov").substr(0, 23), "video \"twice.mov\" not f");
}

TEST(VideoFinder, TakesAnyExtensionThatIsNoSidecarsOwn)
{
    TemporaryFolder folder;
    std::filesystem::create_directories(folder / "sub");
    put_file(folder / "sub/cam.dav", "");
    put_file(folder / "sub/both.aaa", "");
    put_file(folder / "sub/both.mxf", "");
    put_file(folder / "sub/both.mkv", "");
    put_file(folder / "sub/both.json", "");
    put_file(folder / "sub/only.srt", "");
    Finder finder(folder);

    EXPECT_EQ(finder.find(folder, "cam"), "sub/cam.dav");
    EXPECT_EQ(finder.find(folder, "both"), "sub/both.mkv") << "a video's extension comes first";
    EXPECT_EQ(finder.find(folder, "only").substr(0, 12), "video \"only\"");
}

TEST(VideoFinder, NamesTheNearestFile)
{
    TemporaryFolder folder;
    Finder finder(make_tree(folder));

    EXPECT_EQ(finder.find(folder, "v_Bikin_g01_c01"), "video \"v_Bikin_g01_c01\" not found below " +
                                                          folder.path() +
                                                          ", did you mean \"part1/Biking/"
                                                          "v_Biking_g01_c01.avi\"");
    put_file(folder / "list.txt", "film_one.mp4\nfilm_two.mp4\n");
    Finder listed(folder, folder / "list.txt");
    EXPECT_EQ(listed.find(folder, "film_on"), "video \"film_on\" is not in the list " +
                                                  (folder / "list.txt") +
                                                  ", did you mean \"film_one.mp4\"");
}

TEST(VideoFinder, RefusesIdsThatLeaveTheFolder)
{
    TemporaryFolder folder, outside;
    put_file(outside / "secret.mp4", "");
    Finder finder(make_tree(folder));
    const std::string up = "../" + std::filesystem::path(outside.path()).filename().string();

    EXPECT_EQ(finder.find(folder, (up + "/secret").c_str()),
              "video id \"" + up + "/secret\" cannot be a file below the video folder");
    EXPECT_EQ(finder.find(folder, "/etc/passwd"),
              "video id \"/etc/passwd\" cannot be a file below the video folder");
}

TEST(VideoFinder, FollowsAListOfFileNames)
{
    TemporaryFolder folder;
    make_tree(folder);
    put_file(folder / "list.txt", "-5KQ66BBWC4.mkv\npart2/twice.mp4\ngone.mp4\n");
    Finder finder(folder, folder / "list.txt");

    EXPECT_EQ(finder.find(folder, "-5KQ66BBWC4"), "-5KQ66BBWC4.mkv");
    EXPECT_EQ(finder.find(folder, "twice"), "part2/twice.mp4");
    EXPECT_EQ(finder.find(folder, "gone"),
              "video \"gone\" not found, expected " + (folder / "gone.mp4"));
    EXPECT_EQ(finder.find(folder, "_a_b_"),
              "video \"_a_b_\" is not in the list " + (folder / "list.txt"));
}

TEST(VideoFinder, EndsOnFoldersLinkedIntoThemselves)
{
    TemporaryFolder folder;
    make_tree(folder);
    std::filesystem::create_directory_symlink(folder.path(), folder / "part1/loop");
    std::filesystem::create_directory_symlink(folder / "part1", folder / "part2/loop");
    std::filesystem::create_symlink(folder / "nowhere.mp4", folder / "dangling.mp4");
    Finder finder(folder);

    EXPECT_EQ(finder.find(folder, "-late"), "part2/-late.webm");
    EXPECT_EQ(finder.find(folder, "dangling").substr(0, 26), "video \"dangling\" not found");
}

TEST(VideoFinder, NeedsTheFolder)
{
    TemporaryFolder folder;
    video_finder *finder = nullptr;

    EXPECT_EQ(video_finder_open((folder / "no").c_str(), "", &finder), SSLACT_ERROR_NOT_FOUND);

    EXPECT_EQ(sslact_error_get_message(),
              (folder / "no") + ": no such folder, expected that of the videos (data.video_root)");
}

} // namespace
