// What the commands of sslact_cli share: options every command has, config from words, results as
// JSON, exit codes. The tool uses the public headers and nothing else of the library.
#ifndef CLI_H
#define CLI_H

#include <argp.h>
#include <jansson.h>
#include <stdbool.h>

#include "sslact/sslact.h"

// reliability.md section 5.
enum cli_exit {
    EXIT_DONE = 0,
    EXIT_UNEXPECTED = 1,
    EXIT_USAGE = 2,    // command line or config wrong, nothing was started
    EXIT_INPUT = 3,    // input missing or corrupt
    EXIT_NUMBERS = 4,  // training gave up: values that are not finite
    EXIT_RESOURCE = 5, // device or memory
    EXIT_STOPPED = 75  // stopped on request, resumable
};

// Options that every command takes (child parser common_argp), and the key=value words.
typedef struct cli_common {
    bool json;
    bool quiet;
    int verbose;
    const char **config_paths; // [config_count], the later ones laid over the earlier
    int config_count;
    char **pairs; // key=value words, borrowed from argv
    int pair_count;
    const char **words; // other words
    int word_count;
    int word_limit; // how many a command takes
} cli_common;

typedef struct cli_command {
    const char *name; // "train", "data demo"
    const char *summary;
    int (*run)(int argc, char **argv); // returns the exit code
} cli_command;

extern const struct argp common_argp;

// Parses with options of the command's own on top of the common ones. argv[0] is shown as the
// command's name. Wrong words end the process with EXIT_USAGE, --help with 0. `input` is handed to
// the command's own parser.
void cli_parse(const struct argp *own, const char *name, int argc, char **argv, cli_common *common,
               void *input);

// Prints "sslact_cli: " and the library's message; the exit code for the status.
int cli_fail(sslact_status status);
// The same with a text of the tool's own.
int cli_refuse(const char *format, ...) __attribute__((format(printf, 1, 2)));
int cli_exit_code(sslact_status status);
// Wrong words of a command: one line, then the end with EXIT_USAGE. For argp parsers.
void cli_usage_error(const struct argp_state *state, const char *format, ...)
    __attribute__((format(printf, 2, 3), noreturn));
// Letters to insert, delete or replace to get from one word to the other, for "did you mean".
size_t cli_distance(const char *a, const char *b);

// Defaults, then --config, then the pairs in order (preset keys first).
sslact_status cli_make_config(const cli_common *common, sslact_config **out);
// Threads of one tensor operation: what sslact_config_count_threads says.
sslact_status cli_set_threads(const sslact_config *config);
// The value of a key as malloced text; NULL and a message when it fails.
char *cli_get_value(const sslact_config *config, const char *key);
bool cli_value_is(const sslact_config *config, const char *key, const char *expected);
long long cli_get_count(const sslact_config *config, const char *key);
// What training reads in place of a split's videos, malloced; NULL where it is the videos.
char *cli_describe_cache(const sslact_config *config, const char *split);
// Whether a split has label or box files.
bool cli_has_split(const sslact_config *config, const char *split);

// One JSON object on stdout; takes the object over.
int cli_print_json(json_t *object);
// A number, null where it is not finite.
json_t *cli_number(double value);
// {"frame_map@0.5", "chance_frame_map@0.5", "classes": [...], ...} of a report; NULL and a message
// when it fails.
json_t *cli_report_json(const sslact_report *report);
// The report's table on stdout.
sslact_status cli_print_report(const sslact_report *report);

// Progress on stderr: one line redrawn on a terminal, plain lines elsewhere.
typedef struct cli_progress {
    bool terminal;
    bool quiet;
    bool drawn;
    double last; // when the last line was shown
    double start;
    int width;
} cli_progress;

void progress_start(cli_progress *p, bool quiet);
// plain: worth a line of its own where stderr is no terminal (and at least 30 s or first or last).
void progress_show(cli_progress *p, bool plain, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void progress_clear(cli_progress *p);
double progress_elapsed(const cli_progress *p);
// An sslact_progress_callback; user is a cli_progress.
int progress_callback(const sslact_progress *progress, void *user);
// A bar of `width` letters for a share of the work, into out [width + 1].
void progress_draw_bar(double share, int width, char *out);

// The commands.
int run_train(int argc, char **argv);
int run_evaluate(int argc, char **argv);
int run_score(int argc, char **argv);
int run_prepare(int argc, char **argv);
int run_frames(int argc, char **argv);
int run_data_demo(int argc, char **argv);
int run_data_check(int argc, char **argv);
int run_data_show(int argc, char **argv);
int run_data_import(int argc, char **argv);
int run_config_list(int argc, char **argv);
int run_config_render(int argc, char **argv);
int run_weights_inspect(int argc, char **argv);
int run_weights_convert(int argc, char **argv);
int run_report(int argc, char **argv);
int run_info(int argc, char **argv);

#endif
