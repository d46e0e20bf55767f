// What makes one network of the SlowFast family differ from another (models.md section 1).
#ifndef NN_OPTIONS_H
#define NN_OPTIONS_H

#include "config/config.h"

#include <cstdint>
#include <string>
#include <vector>

namespace sslact
{

// Which of the T frames the slow pathway sees (models.md section 3.1).
enum class SlowSampling {
    full_span, // first to last, evenly
    stride,    // every alpha-th from the first
    centered   // the middle one of every alpha
};

// How a box finds its place on the feature map (models.md section 5).
enum class RoiCoordinates {
    times_feature_size, // relative box times the map's size
    pixels_over_16      // pixels of the input over the network's total stride, 16 for R50
};

enum class HeadKind { linear, acar };
enum class OutputActivation { sigmoid, pose_softmax_sigmoid };
enum class Initialisation { pyslowfast, acar };
enum class Precision { float32, bfloat16 };

// The defaults are SlowFast R50 8x8 with ACAR's linear head.
struct NetworkOptions {
    int64_t class_count = 60;
    int64_t width = 64;       // channels of the slow stem; stage s has inner width 2^(s-2) of it
    int64_t beta_inverse = 8; // the fast pathway is this many times narrower
    int64_t alpha = 4;        // the fast pathway has this many times the frames
    std::vector<int64_t> stage_blocks = {3, 4, 6, 3};
    std::vector<int64_t> stage_strides = {1, 2, 2}; // s2, s3, s4; res5_* says it for s5
    int64_t res5_stride = 1;
    int64_t res5_dilation = 2;
    int64_t stem_kernel = 7; // spatial; the fast stem spans min(5, stem_kernel) frames
    bool stem_pool = true;
    int64_t fusion_kernel = 7;
    bool lateral_norm_act = true;
    SlowSampling slow_sampling = SlowSampling::full_span;
    RoiCoordinates roi_coords = RoiCoordinates::times_feature_size;
    bool roi_aligned = false;
    int64_t roi_resolution = 7;
    HeadKind head = HeadKind::linear;
    bool head_bias = false;
    double head_dropout = 0.0;
    // The actor relations of head acar (models.md section 7).
    int64_t acar_reduce_dim = 1024; // channels of the context
    int64_t acar_hidden_dim = 512;  // channels of the relations
    int64_t acar_depth = 2;         // relation layers
    int64_t acar_last_kernel = 3;   // side of a relation layer's last kernel, 1 or 3
    double acar_dropout = 0.2;      // behind each relation layer
    OutputActivation output_activation = OutputActivation::sigmoid;
    Initialisation initialisation = Initialisation::pyslowfast;
    // How the same numbers are computed: the perf.* keys.
    bool fold_batch_norm = true;
    bool channels_last = true;
    Precision precision = Precision::float32; // of the backbone; weights and head stay float32
};

// The model.* keys. Throws Error(SSLACT_ERROR_CONFIG) for a combination no network has.
NetworkOptions read_network_options(const config *c);

// Throws Error(SSLACT_ERROR_CONFIG) naming the key; the constructor of a network calls it.
void check_network_options(const NetworkOptions &options);

// Facts that follow from the options.
int64_t get_total_stride(const NetworkOptions &options);  // input pixels a feature cell, 16 for R50
int64_t get_feature_count(const NetworkOptions &options); // channels into the head, 2304 for R50
// Indices of the slow frames among `frame_count`; throws SSLACT_ERROR_MISMATCH unless alpha
// divides it.
std::vector<int64_t> get_slow_frames(const NetworkOptions &options, int64_t frame_count);

} // namespace sslact

#endif
