// A run folder: lock, config, metrics, checkpoints; include/sslact/run.h shows its layout.
#ifndef PLUGIN_RUN_FOLDER_H
#define PLUGIN_RUN_FOLDER_H

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "sslact/trainer.h"

#include "base/lock.h"
#include "config/config.h"
#include "report/evaluation.h"
#include "report/json_lines.h"
#include "train/trainer.h"

namespace sslact
{

class RunFolder
{
  public:
    RunFolder(const config *settings, const std::string &folder, bool resume,
              const std::string &command_line);
    ~RunFolder();
    RunFolder(const RunFolder &) = delete;
    RunFolder &operator=(const RunFolder &) = delete;

    // SSLACT_OK, or SSLACT_DONE when there is no checkpoint.
    sslact_status load_checkpoint(Trainer &trainer);
    void save_checkpoint(const Trainer &trainer);
    void write_step(const Trainer &trainer, const sslact_step_report &step);
    void write_report(const evaluation_report &report);
    void write_end(const Trainer &trainer);
    void write_failure(sslact_status status, const std::string &message, int64_t iteration);
    void render();

    std::string path(const std::string &name) const { return folder_ + "/" + name; }
    // The newest checkpoint's path; throws NOT_FOUND when there is none.
    std::string newest_checkpoint() const;

  private:
    void take_lock();
    void write_config(const config *settings, bool resume);
    void remove_leftovers() const;
    json_lines *metrics();
    void end_line();
    void write_monitor(const Monitor &monitor, const Trainer &trainer, int64_t iteration);
    void write_classes(const Monitor &monitor, int64_t iteration);
    void write_messages(const Monitor &monitor, int64_t iteration);
    std::vector<int64_t> list_checkpoints() const; // iterations, newest first
    std::string checkpoint_path(int64_t iteration) const;

    struct LinesCloser {
        void operator()(json_lines *lines) const { json_lines_close(lines); }
    };
    std::string folder_;
    std::string command_line_;
    std::string preset_, model_, seed_;
    std::string cache_; // what training reads in place of the videos; "none"
    int64_t log_every_ = 20, keep_last_ = 2;
    file_lock *lock_ = nullptr;
    int64_t from_ = 0; // iteration that training goes on after
    bool named_classes_ = false; // the line "classes" of this process is written
    std::unique_ptr<json_lines, LinesCloser> metrics_;
};

} // namespace sslact

#endif
