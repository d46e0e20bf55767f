// Structs that grow: a program compiled with an older or a newer header against this library.

#include <cstring>
#include <filesystem>

#include "capi_support.h"
#include "loss_support.h"

namespace
{

using namespace test;

// A struct of a later version: the known part, and members that this library has never heard of.
template <typename T> struct Longer {
    T known;
    unsigned char later[24];

    explicit Longer(const T &filled)
    {
        std::memset(later, 0, sizeof later);
        known = filled;
        known.struct_size = sizeof *this;
    }
};

// An argument that the library reads.
template <typename T, typename Call> void expect_read_rules(const T &filled, Call call)
{
    T shorter = filled;
    shorter.struct_size = sizeof(T) - 1;
    expect_failure(call(&shorter), SSLACT_ERROR_INVALID_ARGUMENT, {"struct_size", "SSLACT_INIT"});
    shorter.struct_size = 0;
    expect_failure(call(&shorter), SSLACT_ERROR_INVALID_ARGUMENT, {"struct_size is 0"});

    Longer<T> longer(filled);
    EXPECT_GE(call(&longer.known), SSLACT_OK) << sslact_error_get_message();
    longer.later[sizeof longer.later - 1] = 1;
    expect_failure(call(&longer.known), SSLACT_ERROR_MISMATCH, {"does not know"});
}

// A struct that the library fills in.
template <typename T, typename Call>
void expect_write_rules(Call call, size_t first_version = sizeof(T))
{
    T shorter;
    std::memset(&shorter, 0x5a, sizeof shorter);
    shorter.struct_size = first_version - 1;
    const T before = shorter;
    expect_failure(call(&shorter), SSLACT_ERROR_INVALID_ARGUMENT, {"struct_size", "SSLACT_INIT"});
    EXPECT_EQ(std::memcmp(&shorter, &before, sizeof before), 0) << "written on failure";

    T empty;
    SSLACT_INIT(empty);
    Longer<T> longer(empty);
    std::memset(longer.later, 0x5a, sizeof longer.later);
    EXPECT_GE(call(&longer.known), SSLACT_OK) << sslact_error_get_message();
    EXPECT_EQ(longer.known.struct_size, sizeof longer);
    EXPECT_EQ(longer.later[0], 0x5a);
}

TEST(GrowingStructs, ClipIsReadUnderTheRule)
{
    const Clip clip(1);
    const Dataset dataset = labelled_clips();
    expect_read_rules(
        clip.view, [&](const sslact_clip *given) { return sslact_dataset_append(dataset, given); });

    Model model;
    ASSERT_DONE_WELL(sslact_model_create(tiny_config(), model.out()));
    float scores[8];
    size_t needed = 0;
    expect_read_rules(clip.view, [&](const sslact_clip *given) {
        return sslact_model_predict(model, &given, 1, nullptr, scores, 8, &needed);
    });
}

TEST(GrowingStructs, ClipSourceIsReadUnderTheRule)
{
    sslact_clip_source source;
    SSLACT_INIT(source);
    source.clip_count = 1;
    source.class_count = class_count;
    source.read = [](size_t, sslact_clip *, void *) { return 0; };
    Dataset dataset;
    expect_read_rules(source, [&](const sslact_clip_source *given) {
        return sslact_dataset_create_from_source(given, dataset.out());
    });
}

TEST(GrowingStructs, OptionsAreReadUnderTheRule)
{
    const Clip clip(1);
    const sslact_clip *clips[1] = {&clip.view};
    const Dataset dataset = labelled_clips();
    const Trainer trainer = make_trainer(tiny_config());
    Model model;
    ASSERT_DONE_WELL(sslact_model_create(tiny_config(), model.out()));
    Report report;
    float scores[8];
    size_t needed = 0;

    sslact_predict_options predict;
    SSLACT_INIT(predict);
    expect_read_rules(predict, [&](const sslact_predict_options *given) {
        return sslact_model_predict(model, clips, 1, given, scores, 8, &needed);
    });
    sslact_evaluate_options evaluate;
    SSLACT_INIT(evaluate);
    expect_read_rules(evaluate, [&](const sslact_evaluate_options *given) {
        return sslact_model_evaluate(model, dataset, given, report.out());
    });
    expect_read_rules(evaluate, [&](const sslact_evaluate_options *given) {
        return sslact_trainer_evaluate(trainer, SSLACT_STUDENT, dataset, given, report.out());
    });
    const TemporaryFolder sheets;
    sslact_sheet_options sheet;
    SSLACT_INIT(sheet);
    expect_read_rules(sheet, [&](const sslact_sheet_options *given) {
        return sslact_dataset_draw_sheet(dataset, tiny_config(), nullptr, 1, given,
                                         (sheets / "sheet.png").c_str());
    });
    sslact_batch batch;
    SSLACT_INIT(batch);
    batch.labeled = clips;
    batch.labeled_count = 1;
    expect_read_rules(batch, [&](const sslact_batch *given) {
        return sslact_trainer_step_batch(trainer, given, nullptr);
    });
}

TEST(GrowingStructs, FileOptionsAreReadUnderTheRule)
{
    const TemporaryFolder folder;
    const Config config = tiny_config();
    const Trainer trainer = make_trainer(config);
    RunFolder run;
    int number = 0;
    sslact_run_options options;
    SSLACT_INIT(options);
    expect_read_rules(options, [&](const sslact_run_options *given) {
        const std::string path = folder / ("run" + std::to_string(number++));
        return sslact_run_open(config, path.c_str(), given, run.out());
    });
    sslact_step_report step;
    SSLACT_INIT(step);
    ASSERT_DONE_WELL(sslact_run_open(config, (folder / "run").c_str(), nullptr, run.out()));
    expect_read_rules(step, [&](const sslact_step_report *given) {
        return sslact_run_write_step(run, trainer, given);
    });

    const std::string data = SSLACT_TESTS_FOLDER "/metrics/data/s01_small/";
    const std::string detections = data + "detections.csv", labels = data + "groundtruth.csv";
    const std::string actions = data + "labelmap.pbtxt";
    sslact_score_options score;
    SSLACT_INIT(score);
    score.detections_path = detections.c_str();
    score.labels_path = labels.c_str();
    score.actions_path = actions.c_str();
    Report report;
    expect_read_rules(score, [&](const sslact_score_options *given) {
        return sslact_report_score(given, report.out());
    });

    // The good calls end at the folder, which is not empty: nothing is generated here.
    sslact_demo_options demo;
    SSLACT_INIT(demo);
    Longer<sslact_demo_options> longer(demo);
    longer.later[0] = 1;
    const std::string full = folder.path();
    expect_failure(sslact_demo_create(full.c_str(), &longer.known, nullptr), SSLACT_ERROR_MISMATCH,
                   {"does not know"});
    demo.struct_size--;
    expect_failure(sslact_demo_create(full.c_str(), &demo, nullptr), SSLACT_ERROR_INVALID_ARGUMENT,
                   {"struct_size"});

    // Nor imported: the file is not there.
    sslact_import_options import;
    SSLACT_INIT(import);
    Longer<sslact_import_options> longer_import(import);
    longer_import.later[0] = 1;
    const std::string absent = folder / "absent.xml";
    const char *paths[1] = {absent.c_str()};
    expect_failure(sslact_dataset_import(paths, 1, full.c_str(), &longer_import.known, nullptr),
                   SSLACT_ERROR_MISMATCH, {"does not know"});
    import.struct_size--;
    expect_failure(sslact_dataset_import(paths, 1, full.c_str(), &import, nullptr),
                   SSLACT_ERROR_INVALID_ARGUMENT, {"struct_size"});
}

TEST(GrowingStructs, ResultsAreWrittenUnderTheRule)
{
    const Config config = tiny_config();
    const Dataset dataset = labelled_clips();
    const Trainer trainer = make_trainer(config);
    Sample sample;
    Report report;
    ASSERT_DONE_WELL(sslact_dataset_read(dataset, 0, sample.out()));
    ASSERT_DONE_WELL(
        sslact_trainer_evaluate(trainer, SSLACT_STUDENT, dataset, nullptr, report.out()));

    expect_write_rules<sslact_config_key>(
        [&](sslact_config_key *out) { return sslact_config_describe(0, out); });
    expect_write_rules<sslact_clip>(
        [&](sslact_clip *out) { return sslact_sample_describe(sample, out); });
    expect_write_rules<sslact_class_result>(
        [&](sslact_class_result *out) { return sslact_report_get_class(report, 0, out); });
    expect_write_rules<sslact_device_info>([&](sslact_device_info *out) {
        return sslact_runtime_describe_device({SSLACT_CPU, 0}, out);
    });
    expect_write_rules<sslact_step_report>(
        [&](sslact_step_report *out) { return sslact_trainer_step(trainer, out); });
    EXPECT_EQ(iterations_done(trainer), 1) << "a report that cannot be written costs no step";
}

TEST(GrowingStructs, VideoInfoIsWrittenUnderTheRule)
{
    const TemporaryFolder folder;
    const uint8_t pixels[4 * 4 * 3] = {};
    ASSERT_DONE_WELL(sslact_video_save_png((folder / "1.png").c_str(), pixels, 4, 4));
    Video video;
    ASSERT_DONE_WELL(sslact_video_open(folder.path().c_str(), video.out()));
    expect_write_rules<sslact_video_info>(
        [&](sslact_video_info *out) { return sslact_video_describe(video, out); });
}

// What a struct of the draft had is the first version: shorter ones are refused, the members behind
// it may be missing (tests/capi/loss_arguments.cpp).
template <typename T, typename Call>
void expect_rules_of_versions(T filled, size_t first_version, Call call)
{
    filled.struct_size = first_version;
    EXPECT_GE(call(&filled), SSLACT_OK) << sslact_error_get_message();
    filled.struct_size = first_version - 1;
    expect_failure(call(&filled), SSLACT_ERROR_INVALID_ARGUMENT, {"struct_size", "SSLACT_INIT"});
    Longer<T> longer(filled);
    EXPECT_GE(call(&longer.known), SSLACT_OK) << sslact_error_get_message();
    longer.later[0] = 1;
    expect_failure(call(&longer.known), SSLACT_ERROR_MISMATCH, {"does not know"});
}

TEST(GrowingStructs, LossOptionsAndBalanceFollowTheRule)
{
    Array<uint8_t> truth({2, 3});
    Array<int32_t> classes({2});
    const int64_t count[3] = {1, 2, 3};
    sslact_balance out;
    SSLACT_INIT(out);
    sslact_balance_options fit;
    SSLACT_INIT(fit);
    sslact_loss_options loss;
    SSLACT_INIT(loss);

    expect_rules_of_versions(loss, 32, [&](const sslact_loss_options *given) {
        return sslact_loss_assign_classes(truth, count, given, classes);
    });
    expect_rules_of_versions(fit, 40, [&](const sslact_balance_options *given) {
        return sslact_loss_fit_balance(truth, given, &out);
    });
    // It holds pointers that the library reads, so it is read under the rule too.
    expect_rules_of_versions(out, 56, [&](sslact_balance *given) {
        return sslact_loss_fit_balance(truth, nullptr, given);
    });
}

TEST(GrowingStructs, CheckIsReadAndWrittenUnderTheRule)
{
    const TemporaryFolder folder;
    put_file(folder / "labels.csv", "film,0902,0.1,0.1,0.5,0.9,1,0\n");
    put_file(folder / "actions.pbtxt", "item { name: \"stand\" id: 1 }\n");
    const Config config = tiny_config({{"model.class_count", "1"},
                                       {"data.train.labels", folder / "labels.csv"},
                                       {"data.train.person_boxes", ""},
                                       {"data.actions", folder / "actions.pbtxt"},
                                       {"data.video_root", folder.path()}});
    sslact_check_summary summary;
    SSLACT_INIT(summary);
    sslact_check_options options;
    SSLACT_INIT(options);
    expect_rules_of_versions(options, 40, [&](const sslact_check_options *given) {
        return sslact_dataset_check(config, given, &summary);
    });
    expect_write_rules<sslact_check_summary>(
        [&](sslact_check_summary *out) { return sslact_dataset_check(config, nullptr, out); }, 40);
    sslact_check_summary first; // what a program of the first version has
    std::memset(&first, 0x5a, sizeof first);
    first.struct_size = 40;
    EXPECT_EQ(sslact_dataset_check(config, nullptr, &first), SSLACT_OK);
    EXPECT_EQ(first.problems, summary.problems);
    EXPECT_EQ(first.notes, 0x5a5a5a5a5a5a5a5a) << "written behind the struct";
    EXPECT_GT(summary.problems, 0); // the film is not there
}

// A film of two grey pictures, 4 x 2 pixels, as a 24-bit BMP each.
void put_film(const std::string &folder)
{
    std::filesystem::create_directory(folder);
    for (const char *name : {"/1.bmp", "/2.bmp"}) {
        const uint32_t header[13] = {54 + 24, 0, 54, 40, 4, 2, 1u | 24u << 16, 0, 24, 0, 0, 0, 0};
        std::string bytes = "BM";
        bytes.append(reinterpret_cast<const char *>(header), sizeof header);
        put_file(folder + name, bytes + std::string(24, '\x40'));
    }
}

TEST(GrowingStructs, OfPreparing)
{
    const TemporaryFolder folder;
    put_film(folder / "film");
    put_file(folder / "labels.csv", "film,0,0.1,0.1,0.5,0.9,1,0\n");
    put_file(folder / "actions.pbtxt", "item { name: \"stand\" id: 1 }\n");
    const Config config = tiny_config({{"model.class_count", "1"},
                                       {"ssl.preset", "baseline"},
                                       {"data.train.labels", folder / "labels.csv"},
                                       {"data.actions", folder / "actions.pbtxt"},
                                       {"data.video_root", folder.path()},
                                       {"data.cache", folder / "cache"}});
    sslact_prepare_summary summary;
    SSLACT_INIT(summary);
    sslact_prepare_options options;
    SSLACT_INIT(options);
    expect_read_rules(options, [&](const sslact_prepare_options *given) {
        return sslact_dataset_prepare(config, given, &summary);
    });
    expect_write_rules<sslact_prepare_summary>(
        [&](sslact_prepare_summary *out) { return sslact_dataset_prepare(config, nullptr, out); });
    EXPECT_EQ(summary.videos, 1);
    EXPECT_GT(summary.bytes, 0);

    options.thread_count = 65;
    EXPECT_EQ(sslact_dataset_prepare(config, &options, &summary), SSLACT_ERROR_INVALID_ARGUMENT);
    options.thread_count = 0;
    options.progress = [](const sslact_progress *, void *) { return 1; };
    EXPECT_EQ(sslact_dataset_prepare(config, &options, &summary), SSLACT_ERROR_CANCELLED);
}

TEST(DescribeCache, TellsWhatASplitIsReadFrom)
{
    const Config config = tiny_config({{"data.short_side", "128"}, {"data.cache", "/data/c"}});
    const auto describe = [&](const char *split, int32_t evaluates) {
        char said[256];
        size_t needed = 0;
        EXPECT_EQ(
            sslact_dataset_describe_cache(config, split, evaluates, said, sizeof said, &needed),
            SSLACT_OK);
        EXPECT_EQ(needed, std::strlen(said) + 1);
        return std::string(said);
    };
    EXPECT_EQ(describe("train", 0), "h264 quality 18, short side 128, from /data/c");
    EXPECT_EQ(describe("train", 1), "");
    EXPECT_EQ(describe("validation", 0), "");
    ASSERT_EQ(sslact_config_set(config, "data.cache_evaluate", "true"), SSLACT_OK);
    EXPECT_EQ(describe("validation", 1), describe("unlabeled", 0));
    size_t needed = 0;
    EXPECT_LT(sslact_dataset_describe_cache(config, "test", 0, nullptr, 0, &needed), 0);
}

} // namespace
