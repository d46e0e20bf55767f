// Kept frame indexes: what they save, when they are used, and that a wrong one does no harm.
#include <chrono>

#include "base/file.h"
#include "media_test.h"
#include "streams.h"

// The room's own view of a handle and of the file's bytes.
extern "C" {
#include <libavutil/crc.h>

#include "media/handle.h"
#include "media/index_file.h"
}

using namespace media_test;

namespace
{

namespace fs = std::filesystem;

// A video whose last change lies far enough back to be trusted.
void settle(const std::string &path)
{
    fs::last_write_time(path, fs::last_write_time(path) - std::chrono::seconds(100));
}

void make_video(const std::string &path, int count = 30)
{
    encoder_options options = {};
    options.key_frame_interval = 10;
    encode_video(path, 96, 64, count, options);
    settle(path);
}

Video open_with_index(const std::string &path, const std::string &folder)
{
    video_options options = {};
    options.index_folder = folder.c_str();
    return open_video(path, options);
}

std::vector<std::string> list_files(const std::string &folder)
{
    std::vector<std::string> files;
    if (fs::exists(folder)) {
        for (const fs::directory_entry &entry : fs::directory_iterator(folder)) {
            files.push_back(entry.path().string());
        }
    }
    return files;
}

// The one index file of a folder.
std::string find_index(const std::string &folder)
{
    std::vector<std::string> files = list_files(folder);
    EXPECT_EQ(files.size(), 1U);
    return files.empty() ? "" : files[0];
}

bool is_from_index(const Video &v)
{
    return v->index_is_kept;
}

struct Key {
    explicit Key(const std::string &path) : real(fs::canonical(path).string())
    {
        EXPECT_EQ(file_describe(path.c_str(), &key.size, &key.modified_ns), SSLACT_OK);
        key.path = real.c_str();
    }
    std::string real;
    index_key key = {};
};

// Puts the right checksum into bytes that a test has changed.
void repair_checksum(std::vector<char> &bytes)
{
    const uint8_t *body = reinterpret_cast<const uint8_t *>(bytes.data()) + 24;
    uint32_t sum = av_crc(av_crc_get_table(AV_CRC_32_IEEE_LE), UINT32_MAX, body, bytes.size() - 24);
    for (int k = 0; k < 4; k++) {
        bytes[20 + static_cast<size_t>(k)] = static_cast<char>(sum >> (8 * k));
    }
}

// Changes a video's index file as `change` says, keeping its form.
template <typename Change>
void rewrite_index(const std::string &video_path, const std::string &index_path, Change change)
{
    std::vector<char> bytes = read_bytes(index_path);
    Key key(video_path);
    kept_index kept;
    ASSERT_TRUE(index_file_decode(reinterpret_cast<const uint8_t *>(bytes.data()), bytes.size(),
                                  &key.key, &kept));
    change(kept);
    text out = {};
    index_file_encode(&key.key, &kept.facts, kept.turn, &kept.index, &out);
    write_bytes(index_path, out.data, out.length);
    text_free(&out);
    kept_index_clear(&kept);
}

} // namespace

TEST(KeptIndex, ASecondOpeningTakesTheIndexAndTheHeaderAlone)
{
    TemporaryFolder folder;
    for (const char *name : {"a.mp4", "a.mkv", "a.avi"}) {
        std::string path = folder / name, kept = folder / std::string("kept_") + name;
        StreamPlan plan;
        plan.codec = "mpeg4";
        make_stream(path, {plan});
        settle(path);

        Video first = open_with_index(path, kept);
        Video second = open_with_index(path, kept);

        EXPECT_FALSE(is_from_index(first)) << name;
        EXPECT_TRUE(is_from_index(second)) << name;
        EXPECT_TRUE(second->file.facts.header_suffices) << name;
        Reference plain = decode_plainly(path);
        EXPECT_EQ(read_sums(first.get(), all_frames(first.get())).sums, plain.sums) << name;
        EXPECT_EQ(read_sums(second.get(), all_frames(second.get())).sums, plain.sums) << name;
    }
}

TEST(KeptIndex, WhatTheIndexSaysIsWhatTheVideoSays)
{
    TemporaryFolder folder;
    make_video(folder / "a.mp4");
    open_with_index(folder / "a.mp4", folder / "kept");

    rewrite_index(folder / "a.mp4", find_index(folder / "kept"), [](kept_index &kept) {
        kept.index.frame_count -= 3;
        kept.turn.transpose = true;
    });

    Video v = open_with_index(folder / "a.mp4", folder / "kept");
    video_info info;
    video_describe(v.get(), &info);
    EXPECT_EQ(info.frame_count, 27);
    EXPECT_EQ(info.width, 64); // turned
}

TEST(KeptIndex, AChangeOfTheFileMakesItAnew)
{
    TemporaryFolder folder;
    std::string path = folder / "a.mp4", kept = folder / "kept";
    make_video(path, 30);
    open_with_index(path, kept);
    EXPECT_TRUE(is_from_index(open_with_index(path, kept)));

    settle(path); // another modification time, the same bytes
    EXPECT_FALSE(is_from_index(open_with_index(path, kept)));
    EXPECT_TRUE(is_from_index(open_with_index(path, kept)));

    fs::file_time_type time = fs::last_write_time(path);
    make_video(path, 40); // another size, the same modification time
    fs::last_write_time(path, time);
    Video changed = open_with_index(path, kept);
    EXPECT_FALSE(is_from_index(changed));
    EXPECT_EQ(video_count_frames(changed.get()), 40);
    EXPECT_EQ(list_files(kept).size(), 1U);
}

TEST(KeptIndex, OneVideoByTwoNamesHasOneIndexAndACopyHasItsOwn)
{
    TemporaryFolder folder;
    make_video(folder / "a.mp4");
    open_with_index(folder / "a.mp4", folder / "kept");
    fs::create_symlink(folder / "a.mp4", folder / "link.mp4");
    fs::copy_file(folder / "a.mp4", folder / "copy.mp4");
    fs::last_write_time(folder / "copy.mp4", fs::last_write_time(folder / "a.mp4"));

    EXPECT_TRUE(is_from_index(open_with_index(folder / "link.mp4", folder / "kept")));
    EXPECT_FALSE(is_from_index(open_with_index(folder / "copy.mp4", folder / "kept")));
    EXPECT_EQ(list_files(folder / "kept").size(), 2U);
}

TEST(KeptIndex, NothingIsKeptUnlessAskedForAndWorthIt)
{
    TemporaryFolder folder;
    make_video(folder / "a.mp4");
    open_video(folder / "a.mp4");
    EXPECT_EQ(list_files(folder.path()), std::vector<std::string>{folder / "a.mp4"});

    video_options options = {};
    std::string kept = folder / "kept";
    options.index_folder = kept.c_str();
    options.index_least_bytes = static_cast<int64_t>(fs::file_size(folder / "a.mp4")) + 1;
    open_video(folder / "a.mp4", options);
    EXPECT_TRUE(list_files(kept).empty());
    options.index_least_bytes--;
    open_video(folder / "a.mp4", options);
    EXPECT_EQ(list_files(kept).size(), 1U);
}

TEST(KeptIndex, AFileThatChangedJustNowIsNotKept)
{
    TemporaryFolder folder;
    encode_video(folder / "a.mp4", 96, 64, 10);
    open_with_index(folder / "a.mp4", folder / "kept");
    EXPECT_TRUE(list_files(folder / "kept").empty());
}

TEST(KeptIndex, AFolderThatCannotBeWrittenChangesNothing)
{
    TemporaryFolder folder;
    make_video(folder / "a.mp4");
    write_bytes(folder / "file", "x", 1);

    Video v = open_with_index(folder / "a.mp4", folder / "file/below");

    ASSERT_TRUE(v);
    EXPECT_EQ(read_sums(v.get(), all_frames(v.get())).sums, decode_plainly(folder / "a.mp4").sums);
    EXPECT_EQ(list_files(folder.path()).size(), 2U);
}

TEST(KeptIndex, EveryDamagedByteAndEveryCutMakesItAnew)
{
    TemporaryFolder folder;
    std::string path = folder / "a.mp4", kept = folder / "kept";
    make_video(path, 12);
    open_with_index(path, kept);
    std::vector<char> good = read_bytes(find_index(kept));
    Key key(path);
    auto is_usable = [&](const std::vector<char> &bytes) {
        kept_index out;
        bool usable = index_file_decode(reinterpret_cast<const uint8_t *>(bytes.data()),
                                        bytes.size(), &key.key, &out);
        kept_index_clear(&out);
        return usable;
    };
    ASSERT_TRUE(is_usable(good));
    for (size_t n = 0; n < good.size(); n++) {
        EXPECT_FALSE(
            is_usable(std::vector<char>(good.begin(), good.begin() + static_cast<long>(n))));
        std::vector<char> bad = good;
        bad[n] = static_cast<char>(bad[n] ^ 0x10);
        EXPECT_FALSE(is_usable(bad)) << "byte " << n;
    }
    std::vector<char> longer = good;
    longer.push_back(0);
    repair_checksum(longer);
    EXPECT_FALSE(is_usable(longer));

    write_bytes(find_index(kept), good.data(), good.size() / 2);
    Video v = open_with_index(path, kept);
    EXPECT_FALSE(is_from_index(v));
    EXPECT_EQ(read_sums(v.get(), all_frames(v.get())).sums, decode_plainly(path).sums);
    EXPECT_EQ(read_bytes(find_index(kept)), good);
}

TEST(KeptIndex, MadeUpContentWithARightChecksumDoesNoHarm)
{
    TemporaryFolder folder;
    std::string path = folder / "a.mp4", kept = folder / "kept";
    make_video(path, 12);
    open_with_index(path, kept);
    std::string index_path = find_index(kept);
    std::vector<char> good = read_bytes(index_path);
    std::vector<std::string> plain = decode_plainly(path).sums;
    Dice dice(5);
    int used = 0;
    for (int round = 0; round < 120; round++) {
        std::vector<char> bad = good;
        for (int k = 0; k < 1 + round % 3; k++) {
            size_t at = 24 + static_cast<size_t>(dice.roll(static_cast<int64_t>(bad.size()) - 24));
            bad[at] = static_cast<char>(dice.roll(256));
        }
        repair_checksum(bad);
        write_bytes(index_path, bad.data(), bad.size());
        video_options options = {};
        options.index_folder = kept.c_str();
        video *v = nullptr;
        ASSERT_EQ(video_open(path.c_str(), &options, &v), SSLACT_OK) << sslact_error_get_message();
        Video owner(v);
        used += is_from_index(owner) ? 1 : 0;
        Seen seen = read_sums(v, all_frames(v)); // frames or a message, and always an end
        EXPECT_TRUE(seen.status == SSLACT_OK || !seen.message.empty());
        EXPECT_LE(seen.sums.size(), plain.size());
    }
    EXPECT_GT(used, 0); // some of them were believed
}

TEST(KeptIndex, AnIndexOfOtherPacketsIsFoundOutAndMadeAnewWhileReading)
{
    TemporaryFolder folder;
    std::string path = folder / "a.mp4", kept = folder / "kept";
    make_video(path, 30);
    open_with_index(path, kept);
    rewrite_index(path, find_index(kept), [](kept_index &wrong) {
        for (size_t p = 0; p < wrong.index.packet_count; p++) {
            wrong.index.packets[p].size += 1;
        }
    });

    Video v = open_with_index(path, kept);

    EXPECT_TRUE(is_from_index(v));
    Seen seen = read_sums(v.get(), all_frames(v.get()));
    EXPECT_EQ(seen.status, SSLACT_OK) << seen.message;
    EXPECT_EQ(seen.sums, decode_plainly(path).sums);
    EXPECT_TRUE(list_files(kept).empty());
    EXPECT_FALSE(is_from_index(open_with_index(path, kept)));
    EXPECT_TRUE(is_from_index(open_with_index(path, kept)));
}

TEST(KeptIndex, ACutOffFileKeepsItsDamage)
{
    TemporaryFolder folder;
    make_video(folder / "whole.mp4", 40);
    std::vector<char> bytes = read_bytes(folder / "whole.mp4");
    std::string path = folder / "cut.mp4";
    write_bytes(path, bytes.data(), bytes.size() * 2 / 3);
    settle(path);

    Video first = open_with_index(path, folder / "kept");
    Video second = open_with_index(path, folder / "kept");

    EXPECT_TRUE(is_from_index(second));
    ASSERT_GT(video_count_frames(first.get()), 0);
    EXPECT_EQ(video_count_frames(second.get()), video_count_frames(first.get()));
    EXPECT_EQ(read_sums(second.get(), all_frames(second.get())).sums,
              read_sums(first.get(), all_frames(first.get())).sums);
    EXPECT_EQ(read_sums(second.get(), {39}).status, SSLACT_ERROR_DECODE);
}
