// The presets: method sections 6 and 11 (soft), models sections 1 and 16.
//
// data.frame_count and data.frame_stride belong to the data; only the UCF101-24 preset, whose name
// says "8x4", sets the stride.
#include "config/presets.h"

#include <string.h>

#define PRESET_LIMIT 7
#define LEAVE NULL
#define RESET "" // no preset assigns an empty value

typedef struct preset_row {
    const char *key;
    const char *values[PRESET_LIMIT];
} preset_row;

typedef struct preset_table {
    const char *key;
    const char *names[PRESET_LIMIT];
    const preset_row *rows;
    size_t row_count;
} preset_table;

// The tiny ones are for the demo world: pictures of short side 32, 8 frames, two processor cores.
static const preset_row model_rows[] = {
    // slowfast_r50_8x8, acar_r50_8x8, slowfast_r50_8x4_ucf, slowfast_tiny, acar_tiny,
    // mmaction2_r50_8x8: the topology of mmaction2's detectors (models 13.5 e)
    {"model.head", {"linear", "acar", "linear", "linear", "acar", "linear"}},
    {"model.class_count", {LEAVE, LEAVE, "24", LEAVE, LEAVE, LEAVE}},
    {"model.width", {"64", "64", "64", "16", "16", "64"}},
    {"model.beta_inverse", {"8", "8", "8", "4", "4", "8"}},
    {"model.stage_blocks", {"3,4,6,3", "3,4,6,3", "3,4,6,3", "1,1,0,0", "1,1,0,0", "3,4,6,3"}},
    {"model.stage_strides", {"1,2,2", "1,2,2", "1,2,2", "2,1,1", "2,1,1", "1,2,2"}},
    {"model.stem_kernel", {"7", "7", "7", "3", "3", "7"}},
    {"model.stem_pool", {"true", "true", "true", "false", "false", "true"}},
    {"model.alpha", {"4", "4", "4", "4", "4", "4"}},
    {"model.fusion_kernel", {"7", "7", "7", "5", "5", "7"}},
    {"model.lateral_norm_act", {"true", "true", "true", "true", "true", "false"}},
    {"model.slow_sampling",
     {"full_span", "full_span", "full_span", "centered", "centered", "stride"}},
    {"model.res5_dilation", {"2", "2", "2", "1", "1", "1"}},
    {"model.res5_stride", {"1", "1", "1", "1", "1", "1"}},
    {"model.roi_coords", {RESET, RESET, RESET, RESET, RESET, "pixels_over_16"}},
    {"model.roi_aligned", {"false", "false", "false", "false", "false", "true"}},
    {"model.roi_resolution", {"7", "7", "7", "6", "6", "8"}},
    {"model.head_bias", {"false", "false", "false", "false", "false", "true"}},
    {"model.head_dropout", {"0", "0", "0", "0.2", "0.2", "0"}},
    {"model.acar_reduce_dim", {RESET, RESET, RESET, RESET, "64", RESET}},
    {"model.acar_hidden_dim", {RESET, RESET, RESET, RESET, "32", RESET}},
    {"model.acar_depth", {RESET, RESET, RESET, RESET, RESET, RESET}},
    {"model.acar_last_kernel", {RESET, RESET, RESET, RESET, RESET, RESET}},
    {"model.acar_dropout", {RESET, RESET, RESET, RESET, RESET, RESET}},
    {"model.output_activation", {"sigmoid", "sigmoid", "sigmoid", "sigmoid", "sigmoid", "sigmoid"}},
    {"data.frame_stride", {LEAVE, LEAVE, "1", LEAVE, LEAVE, LEAVE}},
};

// "Presets share every other setting": lambda, schedule, batch, the EMA momentum, the labelled
// view; only soft comes with a gamma and a lambda of its own. The positive threshold goes back to
// its default, which follows ssl.mpl_mode.
static const preset_row ssl_rows[] = {
    // ours, baseline, continued, pseudo_label, noisy_student, fixmatch, soft
    {"ssl.teacher", {"ema", "none", "none", "frozen", "frozen", "ema", "ema"}},
    {"ssl.unlabeled_view", {"strong", RESET, RESET, "weak", "strong", "strong", "strong"}},
    {"ssl.rounds", {"1", "1", "1", "1", "2", "1", "1"}},
    {"ssl.mpl_mode", {"learnable", RESET, RESET, "fixed", "fixed", "fixed", "soft"}},
    {"ssl.mpl_mapping", {"concave", RESET, RESET, RESET, RESET, RESET, RESET}},
    {"ssl.mpl_tau_pos", {RESET, RESET, RESET, RESET, RESET, RESET, RESET}},
    {"ssl.ucb", {"both", "none", "none", "none", "none", "none", "both"}},
    {"ssl.ucb_gamma", {LEAVE, LEAVE, LEAVE, LEAVE, LEAVE, LEAVE, "0.3"}},
    {"ssl.loss_lambda", {LEAVE, LEAVE, LEAVE, LEAVE, LEAVE, LEAVE, "0.5"}},
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const preset_table tables[] = {
    {"model.preset",
     {"slowfast_r50_8x8", "acar_r50_8x8", "slowfast_r50_8x4_ucf", "slowfast_tiny", "acar_tiny",
      "mmaction2_r50_8x8"},
     model_rows,
     COUNT(model_rows)},
    {"ssl.preset",
     {"ours", "baseline", "continued", "pseudo_label", "noisy_student", "fixmatch", "soft"},
     ssl_rows,
     COUNT(ssl_rows)},
};

static const preset_table *find_table(const char *key)
{
    for (size_t k = 0; k < COUNT(tables); k++) {
        if (strcmp(tables[k].key, key) == 0) {
            return &tables[k];
        }
    }
    return NULL;
}

bool preset_is_key(const char *key)
{
    return find_table(key) != NULL;
}

const char *preset_get_governed(const char *preset_key, size_t row)
{
    const preset_table *presets = find_table(preset_key);
    return presets && row < presets->row_count ? presets->rows[row].key : NULL;
}

preset_effect preset_get_effect(const char *preset_key, const char *name, size_t row,
                                const char **value)
{
    const preset_table *presets = find_table(preset_key);
    for (size_t k = 0; k < PRESET_LIMIT && presets->names[k]; k++) {
        if (strcmp(presets->names[k], name) == 0) {
            *value = presets->rows[row].values[k];
            if (!*value) {
                return PRESET_LEAVES;
            }
            return **value ? PRESET_ASSIGNS : PRESET_RESETS;
        }
    }
    return PRESET_LEAVES;
}
