// What needs more than one key.
#include <string.h>

#include "config/values.h"

// UCF101-24 counts frames: settings in seconds would do nothing, or something else than they say.
static sslact_status check_dataset(const config *c)
{
    static const char *const keys[] = {"data.start_offset_seconds",
                                       "data.train.start_offset_seconds",
                                       "data.validation.start_offset_seconds",
                                       "data.unlabeled.start_offset_seconds",
                                       "data.key_frame_interval_seconds",
                                       "data.included_timestamps"};
    bool counts_frames = strcmp(values_get(c, "data.dataset"), "ucf101_24") == 0;
    for (size_t k = 0; counts_frames && k < sizeof(keys) / sizeof(keys[0]); k++) {
        const char *value = values_get(c, keys[k]);
        if (value[0] != '\0' && strcmp(value, "0") != 0) {
            return error_set(SSLACT_ERROR_CONFIG,
                             "%s is %s, data.dataset ucf101_24 counts frames (data.videos, "
                             "data.key_frame_stride)",
                             keys[k], value);
        }
    }
    return SSLACT_OK;
}

static sslact_status check_odd(const config *c, const char *key)
{
    int64_t value = config_get_int(c, key);
    return value % 2 == 1 ? SSLACT_OK
                          : error_set(SSLACT_ERROR_CONFIG, "%s is %lld, expected an odd number",
                                      key, (long long)value);
}

// The slow pathway sees every alpha-th frame, and "full_span" divides by their number less one.
static sslact_status check_frames(const config *c)
{
    long long frames = config_get_int(c, "data.frame_count");
    long long alpha = config_get_int(c, "model.alpha");
    if (frames % alpha != 0) {
        return error_set(SSLACT_ERROR_CONFIG,
                         "data.frame_count is %lld, expected a multiple of model.alpha %lld",
                         frames, alpha);
    }
    bool spans = strcmp(config_get_text(c, "model.slow_sampling"), "full_span") == 0;
    if (spans && frames / alpha < 2) {
        return error_set(SSLACT_ERROR_CONFIG,
                         "model.slow_sampling full_span needs two slow frames or more, "
                         "data.frame_count %lld over model.alpha %lld is %lld",
                         frames, alpha, frames / alpha);
    }
    return SSLACT_OK;
}

static sslact_status check_network(const config *c)
{
    long long width = config_get_int(c, "model.width");
    long long beta = config_get_int(c, "model.beta_inverse");
    long long classes = config_get_int(c, "model.class_count");
    if (width % beta != 0) {
        return error_set(SSLACT_ERROR_CONFIG,
                         "model.width is %lld, expected a multiple of model.beta_inverse %lld",
                         width, beta);
    }
    bool pose = strcmp(config_get_text(c, "model.output_activation"), "sigmoid") != 0;
    if (pose && classes != 60 && classes != 80) {
        return error_set(SSLACT_ERROR_CONFIG,
                         "model.output_activation pose_softmax_sigmoid knows the poses of 60 or "
                         "80 AVA classes, model.class_count is %lld",
                         classes);
    }
    bool acar = strcmp(config_get_text(c, "model.head"), "acar") == 0;
    if (acar && config_get_bool(c, "model.head_bias")) {
        return error_set(SSLACT_ERROR_CONFIG,
                         "model.head_bias is true, the layers of model.head acar have no bias");
    }
    sslact_status status = check_odd(c, "model.stem_kernel");
    status = status == SSLACT_OK ? check_odd(c, "model.fusion_kernel") : status;
    return status == SSLACT_OK ? check_odd(c, "model.acar_last_kernel") : status;
}

// The thresholds must be in order and inside the range that they are clamped to.
static sslact_status check_thresholds(const config *c)
{
    double positive = config_get_double(c, "ssl.mpl_tau_pos");
    double negative = config_get_double(c, "ssl.mpl_tau_neg");
    double clamp = config_get_double(c, "ssl.t_clamp");
    if (negative >= positive) {
        return error_set(SSLACT_ERROR_CONFIG,
                         "ssl.mpl_tau_neg is %g, expected less than ssl.mpl_tau_pos %g", negative,
                         positive);
    }
    bool learnable = strcmp(config_get_text(c, "ssl.mpl_mode"), "learnable") == 0;
    if (learnable && (positive < clamp || positive > 1.0 - clamp)) {
        return error_set(SSLACT_ERROR_CONFIG,
                         "ssl.mpl_tau_pos is %g, outside ssl.t_clamp's range [%g, %g]", positive,
                         clamp, 1.0 - clamp);
    }
    return SSLACT_OK;
}

static sslact_status check_training(const config *c)
{
    if (config_get_bool(c, "solver.nesterov") && config_get_double(c, "solver.momentum") == 0.0) {
        return error_set(SSLACT_ERROR_CONFIG,
                         "solver.nesterov is true and solver.momentum 0, expected a momentum "
                         "above 0 or solver.nesterov false");
    }
    if (strcmp(config_get_text(c, "ssl.labeled_view"), "both") == 0 &&
        config_get_int(c, "solver.batch_labeled") < 2) {
        return error_set(SSLACT_ERROR_CONFIG,
                         "ssl.labeled_view both needs two labelled clips an iteration or more, "
                         "solver.batch_labeled is %lld",
                         (long long)config_get_int(c, "solver.batch_labeled"));
    }
    return SSLACT_OK;
}

static sslact_status check_framing(const config *c)
{
    long long low = config_get_int(c, "augment.scale_min");
    long long high = config_get_int(c, "augment.scale_max");
    long long crop = config_get_int(c, "augment.crop");
    long long side = low > 0 ? low : config_get_int(c, "data.short_side");
    if ((low == 0) != (high == 0) || low > high) {
        return error_set(
            SSLACT_ERROR_CONFIG,
            "augment.scale_min is %lld, augment.scale_max %lld, expected 0 and 0, or a "
            "range",
            low, high);
    }
    if (side > 0 && crop > side) {
        return error_set(SSLACT_ERROR_CONFIG,
                         "augment.crop is %lld, expected at most the least short side %lld", crop,
                         side);
    }
    return SSLACT_OK;
}

// Copies must hold what the views are made of.
static sslact_status check_cache(const config *c)
{
    long long quality = config_get_int(c, "data.cache_quality");
    long long side = config_get_int(c, "data.cache_short_side");
    long long read = config_get_int(c, "data.short_side");
    long long largest = config_get_int(c, "augment.scale_max");
    bool jpeg = strcmp(config_get_text(c, "data.cache_codec"), "mjpeg") == 0;
    if (jpeg && (quality == 1 || quality > 31)) {
        return error_set(SSLACT_ERROR_CONFIG,
                         "data.cache_quality is %lld, of mjpeg 2 to 31 and 0 (as 3) are accepted",
                         quality);
    }
    if (side > 0 && (read == 0 || side < read || side < largest)) {
        return error_set(
            SSLACT_ERROR_CONFIG,
            "data.cache_short_side is %lld, expected 0 or at least what training reads: "
            "data.short_side %lld (0: the full size), augment.scale_max %lld",
            side, read, largest);
    }
    return SSLACT_OK;
}

// A preset says who teaches; a teacher set by hand must not turn it into its opposite.
static sslact_status check_preset(const config *c)
{
    const char *preset = config_get_text(c, "ssl.preset");
    const char *teacher = config_get_text(c, "ssl.teacher");
    bool supervised = strcmp(preset, "baseline") == 0 || strcmp(preset, "continued") == 0;
    bool taught = strcmp(teacher, "none") != 0;
    if (supervised == taught) {
        return error_set(SSLACT_ERROR_CONFIG, "ssl.teacher is %s, ssl.preset %s expects %s",
                         teacher, preset, supervised ? "none" : "ema or frozen");
    }
    if (!taught && config_get_int(c, "ssl.rounds") > 1) {
        return error_set(SSLACT_ERROR_CONFIG,
                         "ssl.rounds is %lld, expected 1 where ssl.teacher is none: a further "
                         "round starts again and nobody hands anything on",
                         (long long)config_get_int(c, "ssl.rounds"));
    }
    return SSLACT_OK;
}

// What opens files by their names knows nothing of listed pictures.
static sslact_status check_frame_lists(const config *c)
{
    static const char *const keys[] = {"data.frame_list", "data.train.frame_list",
                                       "data.validation.frame_list", "data.unlabeled.frame_list"};
    bool cached = config_get_text(c, "data.cache")[0] != '\0';
    bool pixels = strcmp(config_get_text(c, "data.box_units"), "pixels") == 0;
    for (size_t k = 0; (cached || pixels) && k < sizeof(keys) / sizeof(keys[0]); k++) {
        if (config_get_text(c, keys[k])[0] != '\0') {
            return error_set(SSLACT_ERROR_CONFIG, "%s is set, a frame list does not go with %s",
                             keys[k], cached ? "data.cache" : "data.box_units pixels");
        }
    }
    return SSLACT_OK;
}

static bool has_word(const config *c, const char *key, const char *word)
{
    return strcmp(config_get_text(c, key), word) == 0;
}

static sslact_status check_data(const config *c)
{
    if (has_word(c, "data.box_units", "pixels") && !has_word(c, "data.dataset", "own")) {
        return error_set(SSLACT_ERROR_CONFIG,
                         "data.box_units is pixels, boxes of data.dataset %s are fractions",
                         config_get_text(c, "data.dataset"));
    }
    return SSLACT_OK;
}

// What of section 11 cannot go together, or would do nothing.
static sslact_status check_extensions(const config *c)
{
    if (has_word(c, "ssl.positive_weight", "calibrated") && has_word(c, "ssl.mpl_mode", "soft")) {
        return error_set(SSLACT_ERROR_CONFIG,
                         "ssl.positive_weight calibrated weighs positives, ssl.mpl_mode soft has "
                         "none");
    }
    if (has_word(c, "ssl.weight_mode", "db") && has_word(c, "ssl.ucb", "none")) {
        return error_set(SSLACT_ERROR_CONFIG,
                         "ssl.weight_mode db weighs the balanced halves, ssl.ucb is none");
    }
    if (config_get_bool(c, "ssl.neighbour_prior") && has_word(c, "ssl.mpl_mode", "soft")) {
        return error_set(SSLACT_ERROR_CONFIG,
                         "ssl.neighbour_prior moves thresholds, ssl.mpl_mode soft has none");
    }
    if (has_word(c, "ssl.freq_source", "unlabeled") && has_word(c, "ssl.teacher", "none")) {
        return error_set(SSLACT_ERROR_CONFIG,
                         "ssl.freq_source unlabeled counts pseudo-labels, ssl.teacher is none");
    }
    bool online = has_word(c, "ssl.freq_source", "online");
    if (online && has_word(c, "ssl.ucb_cooc", "exact")) {
        return error_set(SSLACT_ERROR_CONFIG,
                         "ssl.freq_source online follows pair counts, expected ssl.ucb_cooc "
                         "pairwise");
    }
    if (online && has_word(c, "ssl.teacher", "none")) {
        return error_set(SSLACT_ERROR_CONFIG,
                         "ssl.freq_source online counts pseudo-labels, ssl.teacher is none");
    }
    return SSLACT_OK;
}

sslact_status config_validate(const config *c)
{
    static sslact_status (*const checks[])(const config *) = {
        check_dataset,    check_frames,  check_network,     check_thresholds,
        check_training,   check_framing, check_cache,       check_preset,
        check_extensions, check_data,    check_frame_lists,
    };
    sslact_status status = SSLACT_OK;
    for (size_t k = 0; k < sizeof(checks) / sizeof(checks[0]) && status == SSLACT_OK; k++) {
        status = checks[k](c);
    }
    return status;
}
