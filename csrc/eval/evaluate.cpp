// Evaluation: clips are decoded ahead by a few threads, scored in order, and judged by metrics.

#include "eval/evaluate.h"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

#include <ATen/ops/cat.h>
#include <ATen/ops/isfinite.h>
#include <ATen/ops/sigmoid.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>
#include <c10/core/GradMode.h>

#include "base/clock.h"
#include "base/error.hpp"
#include "base/random.h"
#include "feed/feed.h"

namespace sslact
{
namespace
{

struct ClipFreer {
    void operator()(clip *c) const { clip_free(c); }
};
using ClipHolder = std::unique_ptr<clip, ClipFreer>;

// Decodes clips 0 .. count - 1 ahead of their use, at most `window` of them, and hands them out in
// order. A clip that cannot be read throws where it is asked for.
class ClipAhead
{
  public:
    ClipAhead(dataset *data, size_t count, int threads)
        : data_(data), count_(count), slots_(window)
    {
        for (int i = 0; i < threads; ++i) {
            workers_.emplace_back([this] { work(); });
        }
    }
    ~ClipAhead()
    {
        {
            const std::lock_guard<std::mutex> lock(mutex_);
            closed_ = true;
        }
        changed_.notify_all();
        for (std::thread &worker : workers_) {
            worker.join();
        }
    }
    ClipAhead(const ClipAhead &) = delete;
    ClipAhead &operator=(const ClipAhead &) = delete;

    ClipHolder next()
    {
        std::unique_lock<std::mutex> lock(mutex_);
        Slot &slot = slots_[handed_ % window];
        changed_.wait(lock, [&] { return slot.ready; });
        slot.ready = false;
        ++handed_;
        ClipHolder result = std::move(slot.value);
        const sslact_status status = slot.status;
        const std::string message = std::move(slot.message);
        lock.unlock();
        changed_.notify_all();
        if (status < 0) {
            throw Error(status, message);
        }
        return result;
    }

  private:
    static constexpr size_t window = 64;
    struct Slot {
        bool ready = false;
        ClipHolder value;
        sslact_status status = SSLACT_OK;
        std::string message;
    };

    void work()
    {
        for (;;) {
            size_t index = 0;
            {
                std::unique_lock<std::mutex> lock(mutex_);
                changed_.wait(lock, [&] {
                    return closed_ || started_ >= count_ || started_ < handed_ + window;
                });
                if (closed_ || started_ >= count_) {
                    return;
                }
                index = started_++;
            }
            clip *decoded = nullptr;
            const sslact_status status = dataset_read_evaluated(data_, index, &decoded);
            {
                const std::lock_guard<std::mutex> lock(mutex_);
                Slot &slot = slots_[index % window];
                slot.value.reset(decoded);
                slot.status = status;
                slot.message = status < 0 ? sslact_error_get_message() : "";
                slot.ready = true;
            }
            changed_.notify_all();
        }
    }

    dataset *data_;
    size_t count_;
    std::vector<Slot> slots_;
    std::vector<std::thread> workers_;
    std::mutex mutex_;
    std::condition_variable changed_;
    size_t started_ = 0; // clips a worker has taken up
    size_t handed_ = 0;  // clips handed out
    bool closed_ = false;
};

// Evaluation mode while this lives: dropout off, running statistics used and left alone. A network
// that is in it already is not touched, so that several threads may score with it.
class EvaluationMode
{
  public:
    explicit EvaluationMode(Detector &network) : network_(network), was_on_(!network.is_training())
    {
        if (!was_on_) {
            network_.eval();
        }
    }
    ~EvaluationMode()
    {
        if (!was_on_) {
            network_.train();
        }
    }
    EvaluationMode(const EvaluationMode &) = delete;
    EvaluationMode &operator=(const EvaluationMode &) = delete;

  private:
    Detector &network_;
    bool was_on_;
};

void score_batch(Detector &network, const std::vector<ClipHolder> &batch, size_t first,
                 Evaluation *out)
{
    std::vector<const clip *> clips;
    for (const ClipHolder &held : batch) {
        clips.push_back(held.get());
    }
    const at::Tensor scores = score_clips(network, clips);
    if (!at::isfinite(scores).all().item<bool>()) {
        throw Error(SSLACT_ERROR_NONFINITE,
                    "scores are not finite in clips " + std::to_string(first) + " to " +
                        std::to_string(first + clips.size() - 1) +
                        ": the network's weights are of no use, train again with a lower "
                        "solver.peak_lr");
    }
    const float *row = scores.const_data_ptr<float>();
    const int64_t class_count = scores.size(1);
    for (size_t n = 0; n < clips.size(); ++n) {
        const clip &source = *clips[n];
        ScoredClip scored;
        scored.clip = first + n;
        scored.boxes.assign(source.boxes, source.boxes + source.box_count);
        scored.scores.assign(row, row + source.box_count * class_count);
        row += source.box_count * class_count;
        out->box_count += source.box_count;
        out->clips.push_back(std::move(scored));
    }
}

// Detections of every box and class; score(box row, class) gives the number.
template <typename Score>
std::vector<metric_detection> list_detections(const Evaluation &evaluation, int32_t class_count,
                                              Score score)
{
    std::vector<metric_detection> rows;
    size_t box_row = 0;
    for (const ScoredClip &scored : evaluation.clips) {
        for (size_t i = 0; i < scored.boxes.size(); ++i, ++box_row) {
            const sslact_box &box = scored.boxes[i];
            for (int32_t j = 0; j < class_count; ++j) {
                rows.push_back({static_cast<int64_t>(scored.clip), j,
                                score(scored, i, box_row, j), box.x1, box.y1, box.x2, box.y2});
            }
        }
    }
    return rows;
}

// People on key frames without any box count as missed. With a limit on the clips, only those of
// the clips in use.
std::vector<metric_truth> read_truth(dataset *data, size_t clip_count, bool limited)
{
    truth_row *rows = nullptr;
    size_t count = 0;
    check(dataset_collect_truth(data, &rows, &count));
    const std::unique_ptr<truth_row, decltype(&free)> holder(rows, &free);
    std::vector<metric_truth> truth;
    for (size_t i = 0; i < count; ++i) {
        const truth_row &row = rows[i];
        if (!limited || row.clip < clip_count) {
            truth.push_back({static_cast<int64_t>(row.clip), row.class_index,
                             static_cast<double>(row.person), row.box.x1, row.box.y1, row.box.x2,
                             row.box.y2});
        }
    }
    return truth;
}

FrameMap judge(const std::vector<metric_detection> &detections,
               const std::vector<metric_truth> &truth, int32_t class_count, int64_t row_limit)
{
    frame_map_options options = {};
    options.class_count = class_count;
    options.row_limit = row_limit;
    frame_map *map = nullptr;
    check(frame_map_compute(detections.data(), detections.size(), truth.data(), truth.size(),
                            &options, &map));
    return FrameMap(map);
}

} // namespace

at::Tensor score_clips(Detector &network, const std::vector<const clip *> &clips)
{
    const c10::AutoGradMode no_gradient(false);
    const EvaluationMode mode(network);
    const int64_t class_count = network.options().class_count;
    const std::vector<FeedGroup> groups =
        feed_clips(clips, network.parameters().front().device());
    at::Tensor scores = at::zeros({count_boxes(clips), class_count}, at::kFloat);
    for (const FeedGroup &group : groups) {
        const at::Tensor part = network.activate(network.forward(group.frames, group.boxes));
        scores.index_copy_(0, at::tensor(group.rows, at::kLong), part.cpu());
    }
    return scores;
}

Evaluation evaluate_network(Detector &network, dataset *data, const EvaluateSettings &settings)
{
    const double start = clock_seconds();
    const int32_t class_count = static_cast<int32_t>(network.options().class_count);
    if (dataset_count_classes(data) != class_count) {
        throw Error(SSLACT_ERROR_MISMATCH,
                    "the data set has " + std::to_string(dataset_count_classes(data)) +
                        " classes, the model has " + std::to_string(class_count));
    }
    size_t count = dataset_count_clips(data);
    if (settings.max_clips > 0) {
        count = std::min(count, static_cast<size_t>(settings.max_clips));
    }
    const bool limited = count < dataset_count_clips(data);
    const std::vector<metric_truth> truth = read_truth(data, count, limited);

    Evaluation result;
    ClipAhead ahead(data, count, std::max(settings.loader_threads, 1));
    const auto step = static_cast<size_t>(std::max<int64_t>(settings.batch_clips, 1));
    for (size_t first = 0; first < count;) {
        const size_t end = std::min(count, first + step);
        std::vector<ClipHolder> batch;
        for (size_t n = first; n < end; ++n) {
            batch.push_back(ahead.next());
        }
        score_batch(network, batch, first, &result);
        first = end;
        if (settings.progress &&
            settings.progress(static_cast<int64_t>(first), static_cast<int64_t>(count))) {
            throw Error(SSLACT_ERROR_CANCELLED, "evaluation cancelled after " +
                                                    std::to_string(first) + " of " +
                                                    std::to_string(count) + " clips");
        }
    }
    result.map = judge(list_detections(result, class_count,
                                       [&](const ScoredClip &scored, size_t i, size_t, int32_t j) {
                                           return static_cast<double>(
                                               scored.scores[i * class_count + j]);
                                       }),
                       truth, class_count, settings.row_limit);
    // What the same boxes are worth without a look at them: one random score a box and class.
    result.chance = judge(
        list_detections(result, class_count,
                        [&](const ScoredClip &, size_t, size_t row, int32_t j) {
                            const random_stream stream =
                                random_open(settings.seed, RANDOM_CHANCE, 0, row);
                            return random_at(&stream, static_cast<uint32_t>(j));
                        }),
        truth, class_count, settings.row_limit);
    result.seconds = clock_seconds() - start;
    return result;
}

} // namespace sslact
