// A network over a data set: scores for every box, and the frame mAP of them.
#ifndef EVAL_EVALUATE_H
#define EVAL_EVALUATE_H

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "data/dataset.h"
#include "metrics/frame_map.h"
#include "nn/detector.h"

namespace sslact
{

// Probabilities of one clip's boxes.
struct ScoredClip {
    size_t clip;                     // index in the data set
    std::vector<sslact_box> boxes;   // [K]
    std::vector<float> scores;       // [K, C]
};

struct EvaluateSettings {
    int64_t max_clips = 0; // 0 = all
    int64_t batch_clips = 16;
    int loader_threads = 1;
    uint64_t seed = 0;     // of the chance-level scores
    int64_t row_limit = 50;
    // done, total; true ends the evaluation with SSLACT_ERROR_CANCELLED
    std::function<bool(int64_t, int64_t)> progress;
};

struct MapFreer {
    void operator()(frame_map *m) const { frame_map_free(m); }
};
using FrameMap = std::unique_ptr<frame_map, MapFreer>;

struct Evaluation {
    std::vector<ScoredClip> clips; // in data set order
    FrameMap map;
    FrameMap chance; // the same boxes with random scores
    int64_t box_count = 0;
    double seconds = 0;
};

// The network is used in evaluation mode, no gradient.
Evaluation evaluate_network(Detector &network, dataset *data, const EvaluateSettings &settings);

// Probabilities [K, C] of the boxes of clips, in row order; clips may differ in size.
at::Tensor score_clips(Detector &network, const std::vector<const clip *> &clips);

} // namespace sslact

#endif
