// The loader over real video files: the pool of open videos, many epochs, few descriptors, files
// that go away.
#include "data/loader.h"

#include <atomic>
#include <cstdio>
#include <fstream>
#include <set>
#include <thread>

#include <malloc.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/log.h"
#include "data/loader_order.h"
#include "data/video_store.h"
#include "data_support.h"
#include "media/encoder.h"

namespace
{

using test::ConfigHolder;
using test::DatasetHolder;
using test::Settings;
using test::TemporaryFolder;

constexpr int WIDTH = 64, HEIGHT = 48, FRAMES = 36;

struct LoaderDeleter {
    void operator()(loader *l) const { loader_free(l); }
};
struct BatchDeleter {
    void operator()(batch *b) const { batch_free(b); }
};
using LoaderHolder = std::unique_ptr<loader, LoaderDeleter>;
using BatchHolder = std::unique_ptr<batch, BatchDeleter>;

void write_video(const std::string &path, int number)
{
    encoder_options options = {};
    options.width = WIDTH;
    options.height = HEIGHT;
    options.rate_numerator = options.key_frame_interval = 12;
    options.rate_denominator = 1;
    std::vector<uint8_t> rgb(WIDTH * HEIGHT * 3);
    encoder *e = nullptr;
    ASSERT_EQ(encoder_open(path.c_str(), &options, &e), SSLACT_OK) << sslact_error_get_message();
    for (int n = 0; n < FRAMES; n++) {
        for (int b = 0; b < WIDTH * HEIGHT * 3; b++) {
            rgb[b] = static_cast<uint8_t>(b / 3 % WIDTH * 3 + b / (3 * WIDTH) * number + 5 * n);
        }
        ASSERT_EQ(encoder_write(e, rgb.data()), SSLACT_OK) << sslact_error_get_message();
    }
    ASSERT_EQ(encoder_finish(e), SSLACT_OK) << sslact_error_get_message();
}

// H.264 films of three seconds, key frames at seconds 0, 1 and 2; unlabelled ones in between.
struct FilmWorld {
    explicit FilmWorld(int film_count) : films(film_count)
    {
        std::string labels, boxes;
        for (int film = 0; film < films; film++) {
            char name[16], row[80];
            std::snprintf(name, sizeof name, "film%03d", film);
            write_video(path(film), film);
            for (int second = 0; second < 3; second++) {
                std::snprintf(row, sizeof row, "%s,%d,0.1,0.1,0.6,0.9,%d,0\n", name, second,
                              second % 2 + 1);
                labels += row;
                std::snprintf(row, sizeof row, "%s,%d.5,0.3,0.1,0.8,0.9,,0.95\n", name, second);
                boxes += row;
            }
        }
        test::put_file(folder / "labels.csv", labels);
        test::put_file(folder / "boxes.csv", boxes);
        test::put_file(folder / "actions.pbtxt",
                       "item { name: \"stand\" id: 1 }\nitem { name: \"walk\" id: 2 }\n");
        settings = {{"data.video_root", folder.path()},
                    {"data.actions", folder / "actions.pbtxt"},
                    {"data.train.labels", folder / "labels.csv"},
                    {"data.unlabeled.person_boxes", folder / "boxes.csv"},
                    {"data.frame_count", "4"},
                    {"data.short_side", "0"},
                    {"model.class_count", "2"},
                    {"solver.batch_labeled", "4"},
                    {"solver.batch_unlabeled", "4"}};
    }

    std::string path(int film) const
    {
        char name[24];
        std::snprintf(name, sizeof name, "film%03d.mp4", film);
        return folder / name;
    }
    int clips() const { return 3 * films; }

    LoaderHolder start(const Settings &changes, int64_t first = 0) const
    {
        Settings all = settings;
        for (const auto &[key, value] : changes) {
            all[key] = value;
        }
        const DatasetHolder labeled = test::open_split(all, "train");
        const DatasetHolder unlabeled = test::open_split(all, "unlabeled");
        const ConfigHolder c = test::make_settings(all);
        loader *made = nullptr;
        EXPECT_EQ(loader_create(c.get(), labeled.get(), unlabeled.get(), first, &made), SSLACT_OK)
            << sslact_error_get_message();
        return LoaderHolder(made);
    }

    TemporaryFolder folder;
    int films;
    Settings settings;
};

BatchHolder take(loader *l)
{
    batch *made = nullptr;
    EXPECT_EQ(loader_next(l, &made), SSLACT_OK) << sslact_error_get_message();
    return BatchHolder(made);
}

// What a batch holds, as bytes.
std::string spell(const batch *b)
{
    std::string out;
    for (const batch_half *half : {&b->labeled, &b->unlabeled_weak, &b->unlabeled_strong}) {
        for (size_t i = 0; i < half->count; i++) {
            const clip *c = half->clips[i];
            out += c->name;
            out.append(reinterpret_cast<const char *>(c->pixels),
                       static_cast<size_t>(c->frame_count) * c->height * c->width * 3);
            out.append(reinterpret_cast<const char *>(c->boxes),
                       static_cast<size_t>(c->box_count) * sizeof *c->boxes);
        }
    }
    return out;
}

std::vector<std::string> spell_run(const FilmWorld &world, const Settings &changes, int count)
{
    const LoaderHolder l = world.start(changes);
    std::vector<std::string> out;
    for (int n = 0; n < count; n++) {
        out.push_back(spell(take(l.get()).get()));
    }
    return out;
}

size_t count_descriptors()
{
    const std::filesystem::directory_iterator list("/proc/self/fd");
    return static_cast<size_t>(std::distance(begin(list), end(list)));
}

double read_resident_megabytes()
{
    std::ifstream file("/proc/self/statm");
    double total = 0, resident = 0;
    file >> total >> resident;
    return resident * static_cast<double>(sysconf(_SC_PAGESIZE)) / 1e6;
}

// Slope of the least-squares line through (0, y0), (1, y1), ...
double fit_slope(const std::vector<double> &y)
{
    const double n = static_cast<double>(y.size());
    double sx = 0, sy = 0, sxx = 0, sxy = 0;
    for (size_t i = 0; i < y.size(); i++) {
        const double x = static_cast<double>(i);
        sx += x;
        sy += y[i];
        sxx += x * x;
        sxy += x * y[i];
    }
    return (n * sxy - sx * sy) / (n * sxx - sx * sx);
}

struct PoolLimit {
    PoolLimit(size_t capacity, int64_t bytes) { video_pool_limit(capacity, bytes); }
    ~PoolLimit() { video_pool_limit(0, 0); }
};

// Whether neither memory nor descriptors grow over epochs; for a child, because what earlier tests
// left in the heap would move the curve.
bool stays_flat()
{
    const FilmWorld world(12);
    const PoolLimit fewer_than_films(8, 0); // so that films are opened and closed all the time
    const LoaderHolder l = world.start({{"run.loader_threads", "2"}});
    const int epoch = world.clips() / 4; // iterations in which each half is used up once
    std::vector<double> megabytes, descriptors;
    for (int n = 0; n < 10 * epoch; n++) { // until all that may be open are
        take(l.get());
    }
    for (int e = 0; e < 30; e++) {
        for (int n = 0; n < epoch; n++) {
            take(l.get());
        }
        megabytes.push_back(read_resident_megabytes());
        descriptors.push_back(static_cast<double>(count_descriptors()));
    }
    const double slope = fit_slope(megabytes) * 1000 / (2.0 * world.clips());
    std::fprintf(stderr, "%.3f MB a thousand clips, %.0f then %.0f descriptors\n", slope,
                 descriptors.front(), descriptors.back());
    return slope < 1.0 && descriptors.back() <= descriptors.front() + 1;
}

// Whether the batches under a limit of 64 descriptors are those without it; for a child.
bool is_same_under_limit()
{
    const FilmWorld world(90);
    const Settings threads = {{"run.loader_threads", "8"}};
    rlimit usual;
    getrlimit(RLIMIT_NOFILE, &usual);
    rlimit tight = usual;
    tight.rlim_cur = 64;
    setrlimit(RLIMIT_NOFILE, &tight);
    const bool bounded = video_pool_get_capacity() == 16;
    const auto under_limit = spell_run(world, threads, 150);
    setrlimit(RLIMIT_NOFILE, &usual);
    const bool same = spell_run(world, threads, 150) == under_limit;
    return bounded && same && !testing::Test::HasFailure();
}

} // namespace

TEST(LoaderFiles, BatchesAreTheSameFromOneTwoAndFourThreads)
{
    const FilmWorld world(5);
    const auto one = spell_run(world, {{"run.loader_threads", "1"}}, 5);

    EXPECT_EQ(spell_run(world, {{"run.loader_threads", "2"}}, 5), one);
    EXPECT_EQ(spell_run(world, {{"run.loader_threads", "4"}}, 5), one);
    const PoolLimit tight(1, 0); // every clip opens its film anew, and the threads take turns
    EXPECT_EQ(spell_run(world, {{"run.loader_threads", "4"}}, 5), one);
}

TEST(LoaderFiles, ClipsOfAFilmAreReadOneAfterTheOther)
{
    const FilmWorld world(3);
    const Settings settings = {{"run.loader_threads", "1"},
                               {"solver.batch_labeled", "9"},
                               {"solver.batch_unlabeled", "9"}};
    const PoolLimit one_film(1, 0);
    const uint64_t before = video_pool_count_opened();
    {
        const LoaderHolder l = world.start(settings);
        for (int n = 0; n < 4; n++) {
            take(l.get());
        }
    }
    // Each batch holds every clip of the three films, so it opens three films, or two where the
    // batch before ended with one of them; batches are made ahead: 4 taken, up to 3 more begun.
    EXPECT_LE(video_pool_count_opened() - before, 7u * 3u);
    EXPECT_GE(video_pool_count_opened() - before, 4u * 2u);
}

TEST(LoaderFiles, ItemsAreOrderedByFilmThenTimeThenNumber)
{
    item_place places[] = {{0, "b", 3.0}, {1, "a", 9.5}, {2, "b", 1.0}, {3, "a", 9.5}, {4, "", 0}};
    size_t *order = nullptr;
    ASSERT_EQ(loader_order_sort(places, 5, &order), SSLACT_OK);
    EXPECT_EQ(std::vector<size_t>(order, order + 5), (std::vector<size_t>{4, 1, 3, 2, 0}));
    free(order);
}

TEST(LoaderFiles, LabelledAndUnlabelledClipsShareTheOpenFilms)
{
    const FilmWorld world(6);
    const uint64_t before = video_pool_count_opened();
    {
        const LoaderHolder l = world.start({{"run.loader_threads", "1"}});
        for (int n = 0; n < 8; n++) {
            take(l.get());
        }
        EXPECT_EQ(video_pool_count_opened() - before, 6u);
        EXPECT_EQ(video_pool_count_open(), 6u);
    }
    EXPECT_EQ(video_pool_count_open(), 0u); // the last user of a data set closes its films
    EXPECT_EQ(video_pool_count_bytes(), 0);
}

TEST(LoaderFiles, DecoderMemoryIsBoundedWhateverTheNumberOfFilms)
{
    const FilmWorld world(10);
    const std::string path = world.path(0);
    video *v = nullptr;
    ASSERT_EQ(video_open(path.c_str(), nullptr, &v), SSLACT_OK);
    const int64_t one = video_pool_estimate(v);
    video_close(v);
    EXPECT_GT(one, WIDTH * HEIGHT * 3 / 2 * 16); // sixteen pictures of 12 bits a pixel at least

    const PoolLimit few(0, 3 * one + one / 2);
    const LoaderHolder l = world.start({{"run.loader_threads", "1"}});
    for (int n = 0; n < 12; n++) {
        take(l.get());
    }
    EXPECT_LE(video_pool_count_bytes(), 4 * one); // three kept, and one in use
    EXPECT_GE(video_pool_count_open(), 2u);
}

TEST(LoaderFiles, TheEstimateCoversWhatAnOpenFilmTakes)
{
    const FilmWorld world(1);
    const std::string path = world.path(0);
    std::vector<uint8_t> rgb(WIDTH * HEIGHT * 3 * 4);
    const int64_t frames[] = {10, 12, 14, 16};
    video *v = nullptr;
    const struct mallinfo2 before = mallinfo2();
    ASSERT_EQ(video_open(path.c_str(), nullptr, &v), SSLACT_OK);
    ASSERT_EQ(video_read_rgb(v, frames, 4, WIDTH, HEIGHT, rgb.data()), SSLACT_OK);
    const struct mallinfo2 after = mallinfo2();
    const size_t taken = after.uordblks + after.hblkhd - before.uordblks - before.hblkhd;
    EXPECT_GE(video_pool_estimate(v), static_cast<int64_t>(taken));
    video_close(v);
}

TEST(LoaderFiles, MoreThreadsThanOpenVideosAllowedWaitForOneAnother)
{
    const FilmWorld world(8);
    const PoolLimit two(2, 0);
    const LoaderHolder l = world.start({{"run.loader_threads", "6"}});
    EXPECT_EQ(loader_count_threads(l.get()), 6u);
    for (int n = 0; n < 10; n++) {
        take(l.get());
        EXPECT_LE(video_pool_count_open(), 2u);
    }
}

TEST(LoaderFilesDeathTest, NeitherMemoryNorDescriptorsGrowOverEpochs)
{
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    EXPECT_EXIT(_exit(stays_flat() ? 0 : 1), testing::ExitedWithCode(0), "MB a thousand clips");
}

TEST(LoaderFilesDeathTest, GivesTheSameBatchesUnderALimitOf64Descriptors)
{
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    EXPECT_EXIT(_exit(is_same_under_limit() ? 0 : 1), testing::ExitedWithCode(0), "");
}

TEST(LoaderFiles, AVideoThatVanishesEndsInOneMessageThatNamesIt)
{
    const FilmWorld world(8);
    for (const char *threads : {"1", "4"}) {
        const PoolLimit none_kept(1, 0);
        const LoaderHolder l = world.start({{"run.loader_threads", threads}});
        take(l.get());
        const std::string gone = world.path(3);
        std::filesystem::rename(gone, gone + ".away");
        sslact_status status = SSLACT_OK;
        for (int n = 0; n < 20 && status == SSLACT_OK; n++) {
            batch *b = nullptr;
            status = loader_next(l.get(), &b);
            batch_free(b);
        }
        EXPECT_LT(status, 0);
        const std::string message = sslact_error_get_message();
        EXPECT_NE(message.find(gone), std::string::npos) << message;
        EXPECT_EQ(message.find('\n'), std::string::npos);
        std::filesystem::rename(gone + ".away", gone); // and it goes on when the file is back
        int tries = 0;
        batch *b = nullptr;
        while (loader_next(l.get(), &b) < 0 && tries < 5) {
            tries++;
        }
        EXPECT_LT(tries, 4);
        batch_free(b);
    }
}

TEST(LoaderFiles, AVideoThatVanishesIsReplacedWhereThatIsWanted)
{
    static std::atomic<int> warnings;
    warnings = 0;
    log_set([](sslact_log_level, const char *, const char *, void *) { warnings++; },
            SSLACT_LOG_WARNING, nullptr);
    const FilmWorld world(4);
    {
        const PoolLimit none_kept(1, 0);
        const LoaderHolder l = world.start({{"data.on_bad_clip", "skip"}});
        std::filesystem::remove(world.path(2));
        for (int n = 0; n < 10; n++) {
            take(l.get());
        }
    }
    log_set(nullptr, SSLACT_LOG_WARNING, nullptr);
    EXPECT_GT(warnings, 0);
}

TEST(LoaderThreads, AreDividedByWhatTheNetworkNeeds)
{
    EXPECT_EQ(loader_divide_processors(1, false), 1);
    EXPECT_EQ(loader_divide_processors(2, false), 1);
    EXPECT_EQ(loader_divide_processors(8, false), 2);
    EXPECT_EQ(loader_divide_processors(128, false), 8);
    EXPECT_EQ(loader_divide_processors(2, true), 1);
    EXPECT_EQ(loader_divide_processors(16, true), 14);
    EXPECT_EQ(loader_divide_processors(128, true), 64);
    const ConfigHolder given = test::make_settings({{"run.loader_threads", "5"}});
    EXPECT_EQ(loader_choose_threads(given.get()), 5);
    const ConfigHolder open = test::make_settings({{"run.loader_threads", "0"}});
    EXPECT_GE(loader_choose_threads(open.get()), 1);
}
