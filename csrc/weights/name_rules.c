// Owns: the tables, as models.md section 13.5 has them.
#include "weights/name_rules.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define STEM "s1.pathway%p_stem.conv.weight"
#define STEM_NORM "s1.pathway%p_stem.bn.%n"
#define LATERAL "s%f_fuse.conv_f2s.weight"
#define LATERAL_NORM "s%f_fuse.bn.%n"
#define SHORTCUT "s%s.pathway%p_res%b.branch1.weight"
#define SHORTCUT_NORM "s%s.pathway%p_res%b.branch1_bn.%n"
#define BRANCH "s%s.pathway%p_res%b.branch2.%x.weight"
#define BRANCH_NORM "s%s.pathway%p_res%b.branch2.%x_bn.%n"
#define PROJECTION "head.projection.weight"
#define PROJECTION_BIAS "head.projection.bias"

#define ACAR_HEAD(theirs, ours)                                                                    \
    {theirs "conv_reduce.weight", ours "conv_reduce.weight", false},                               \
        {theirs "conv1.weight", ours "conv1.weight", false},                                       \
        {theirs "conv2.weight", ours "conv2.weight", false},                                       \
        {theirs "hr2o.%b.conv_q.weight", ours "hr2o.%b.conv_q.weight", false},                     \
        {theirs "hr2o.%b.conv_k.weight", ours "hr2o.%b.conv_k.weight", false},                     \
        {theirs "hr2o.%b.conv_v.weight", ours "hr2o.%b.conv_v.weight", false},                     \
        {theirs "hr2o.%b.conv.weight", ours "hr2o.%b.conv.weight", false},                         \
        {theirs "hr2o.%b.norm.%n", ours "hr2o.%b.norm.%n", false},                                 \
        {theirs "fc1.weight", ours "fc1.weight", false},                                           \
    {                                                                                              \
        theirs "fc2.weight", ours "fc2.weight", false                                              \
    }

#define TORCH_NORMS                                                                                \
    {                                                                                              \
        "weight", "bias", "running_mean", "running_var", "num_batches_tracked"                     \
    }

static const name_rule canonical_rules[] = {
    {STEM, STEM, false},
    {STEM_NORM, STEM_NORM, false},
    {LATERAL, LATERAL, false},
    {LATERAL_NORM, LATERAL_NORM, false},
    {SHORTCUT, SHORTCUT, false},
    {SHORTCUT_NORM, SHORTCUT_NORM, false},
    {BRANCH, BRANCH, false},
    {BRANCH_NORM, BRANCH_NORM, false},
    {PROJECTION, PROJECTION, false},
    {PROJECTION_BIAS, PROJECTION_BIAS, false},
    ACAR_HEAD("head.", "head."),
};

// The name of a lateral connection of res2 to res4 holds the stage's last block (%b).
static const name_rule caffe2_rules[] = {
    {"%pconv1_w", STEM, false},
    {"%pres_conv1_bn_%n", STEM_NORM, false},
    {"t_pool1_subsample_w", "s1_fuse.conv_f2s.weight", false},
    {"t_pool1_subsample_bn_%n", "s1_fuse.bn.%n", false},
    {"t_res%f_%b_branch2c_bn_subsample_w", LATERAL, false},
    {"t_res%f_%b_branch2c_bn_subsample_bn_%n", LATERAL_NORM, false},
    {"%pres%s_%b_branch1_w", SHORTCUT, false},
    {"%pres%s_%b_branch1_bn_%n", SHORTCUT_NORM, false},
    {"%pres%s_%b_branch2%x_w", BRANCH, false},
    {"%pres%s_%b_branch2%x_bn_%n", BRANCH_NORM, false},
    {"pred_w", PROJECTION, false},
    {"pred_b", PROJECTION_BIAS, false},
};

static const name_rule acar_rules[] = {
    {"%p_conv1.weight", STEM, false},
    {"%p_bn1.%n", STEM_NORM, false},
    {"Tconv%f.0.weight", LATERAL, false},
    {"Tconv%f.1.%n", LATERAL_NORM, false},
    {"Tconv%f.weight", LATERAL, false}, // bare: of networks without lateral norm
    {"%p_res%s.%b.downsample.0.weight", SHORTCUT, false},
    {"%p_res%s.%b.downsample_bn.%n", SHORTCUT_NORM, false},
    {"%p_res%s.%b.conv%x.weight", BRANCH, false},
    {"%p_res%s.%b.bn%x.%n", BRANCH_NORM, false},
    {"fc.weight", PROJECTION, false},
    {"fc.bias", PROJECTION_BIAS, false},
    ACAR_HEAD("", "head."),
};

static const name_rule pytorchvideo_rules[] = {
    {"blocks.0.multipathway_blocks.%p.conv.weight", STEM, false},
    {"blocks.0.multipathway_blocks.%p.norm.%n", STEM_NORM, false},
    {"blocks.%f.multipathway_fusion.conv_fast_to_slow.weight", LATERAL, false},
    {"blocks.%f.multipathway_fusion.norm.%n", LATERAL_NORM, false},
    {"blocks.%s.multipathway_blocks.%p.res_blocks.%b.branch1_conv.weight", SHORTCUT, false},
    {"blocks.%s.multipathway_blocks.%p.res_blocks.%b.branch1_norm.%n", SHORTCUT_NORM, false},
    {"blocks.%s.multipathway_blocks.%p.res_blocks.%b.branch2.conv_%x.weight", BRANCH, false},
    {"blocks.%s.multipathway_blocks.%p.res_blocks.%b.branch2.norm_%x.%n", BRANCH_NORM, false},
    {"detection_head.proj.weight", PROJECTION, false},
    {"detection_head.proj.bias", PROJECTION_BIAS, false},
    {"blocks.6.proj.weight", PROJECTION, false},
    {"blocks.6.proj.bias", PROJECTION_BIAS, false},
};

// Row 0 of a detector's last layer is its background.
static const name_rule mmaction2_rules[] = {
    {"%p.conv1.conv.weight", STEM, false},
    {"%p.conv1.bn.%n", STEM_NORM, false},
    {"slow_path.conv1_lateral.conv.weight", "s1_fuse.conv_f2s.weight", false},
    {"slow_path.conv1_lateral.bn.%n", "s1_fuse.bn.%n", false},
    {"slow_path.layer%f_lateral.conv.weight", LATERAL, false},
    {"slow_path.layer%f_lateral.bn.%n", LATERAL_NORM, false},
    {"%p.layer%s.%b.downsample.conv.weight", SHORTCUT, false},
    {"%p.layer%s.%b.downsample.bn.%n", SHORTCUT_NORM, false},
    {"%p.layer%s.%b.conv%x.conv.weight", BRANCH, false},
    {"%p.layer%s.%b.conv%x.bn.%n", BRANCH_NORM, false},
    {"roi_head.bbox_head.fc_cls.weight", PROJECTION, true},
    {"roi_head.bbox_head.fc_cls.bias", PROJECTION_BIAS, true},
    {"cls_head.fc_cls.weight", PROJECTION, false},
    {"cls_head.fc_cls.bias", PROJECTION_BIAS, false},
};

const name_layout name_layouts[WEIGHTS_LAYOUT_COUNT] = {
    [WEIGHTS_LAYOUT_UNKNOWN] = {.name = "unknown", .keys = ""},
    [WEIGHTS_LAYOUT_SSLACT] = {.name = "sslact",
                               .keys = "",
                               .prefixes = {"module."},
                               .whole_model = {"", ""},
                               .pathways = {"0", "1"},
                               .letters = {"a", "b", "c"},
                               .norms = TORCH_NORMS,
                               .rules = canonical_rules,
                               .rule_count = COUNT(canonical_rules),
                               .ignored = {".split_bn."}},
    [WEIGHTS_LAYOUT_PYSLOWFAST] = {.name = "pyslowfast",
                                   .keys = "model.head_bias=true model.roi_coords=pixels_over_16 "
                                           "model.roi_aligned=true (false for its c2 configs)",
                                   .prefixes = {"module."},
                                   .whole_model = {"", ""},
                                   .pathways = {"0", "1"},
                                   .letters = {"a", "b", "c"},
                                   .norms = TORCH_NORMS,
                                   .rules = canonical_rules,
                                   .rule_count = COUNT(canonical_rules),
                                   .ignored = {".split_bn."}},
    [WEIGHTS_LAYOUT_CAFFE2] = {.name = "caffe2",
                               .keys = "model.head_bias=true model.roi_coords=pixels_over_16 "
                                       "model.roi_aligned=false",
                               .pathways = {"", "t_"},
                               .letters = {"a", "b", "c"},
                               .norms = {"s", "b", "rm", "riv"},
                               .rules = caffe2_rules,
                               .rule_count = COUNT(caffe2_rules),
                               .ignored = {"_momentum", "lr", "model_iter"}},
    [WEIGHTS_LAYOUT_ACAR] = {.name = "acar",
                             .keys = "model.output_activation=pose_softmax_sigmoid for its scores",
                             .prefixes = {"module.", "backbone.module.", "head.module.",
                                          "backbone.", "head."},
                             .whole_model = {"module.backbone.module.", "module.head.module."},
                             .pathways = {"slow", "fast"},
                             .letters = {"1", "2", "3"},
                             .norms = TORCH_NORMS,
                             .stage_offset = 1,
                             .rules = acar_rules,
                             .rule_count = COUNT(acar_rules)},
    [WEIGHTS_LAYOUT_PYTORCHVIDEO] = {.name = "pytorchvideo",
                                     .keys = "model.head_bias=true "
                                             "model.roi_coords=pixels_over_16 "
                                             "model.roi_aligned=false",
                                     .prefixes = {"module.", "model."},
                                     .pathways = {"0", "1"},
                                     .letters = {"a", "b", "c"},
                                     .norms = TORCH_NORMS,
                                     .stage_offset = 1,
                                     .fusion_offset = 1,
                                     .rules = pytorchvideo_rules,
                                     .rule_count = COUNT(pytorchvideo_rules)},
    [WEIGHTS_LAYOUT_MMACTION2] =
        {.name = "mmaction2",
         .keys = "model.preset=mmaction2_r50_8x8 (that is "
                 "model.lateral_norm_act=false model.slow_sampling=stride model.res5_dilation=1 "
                 "model.roi_resolution=8 model.roi_aligned=true model.roi_coords=pixels_over_16 "
                 "model.head_bias=true)",
         .prefixes = {"module.", "backbone."},
         .pathways = {"slow_path", "fast_path"},
         .letters = {"1", "2", "3"},
         .norms = TORCH_NORMS,
         .stage_offset = 1,
         .fusion_offset = 1,
         .rules = mmaction2_rules,
         .rule_count = COUNT(mmaction2_rules)},
    [WEIGHTS_LAYOUT_ALPHACTION] = {.name = "alphaction", .keys = ""},
};

const int32_t weights_ava_rows[WEIGHTS_AVA_EVALUATED] = {
    0,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 16, 19, 21, 23, 25, 26,
    27, 28, 29, 33, 35, 36, 37, 40, 42, 44, 45, 46, 47, 48, 50, 51, 53, 55, 56, 57,
    58, 59, 60, 61, 62, 63, 64, 65, 66, 67, 68, 69, 71, 72, 73, 75, 76, 77, 78, 79};
