// A trainer in one file and back: student, teacher, thresholds, momentum, position.
//
// Random numbers are a function of the iteration, and the schedule too, so the iteration is all of
// their state.

#include "train/trainer.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/zeros_like.h>
#include <c10/core/GradMode.h>

#include "base/error.hpp"
#include "base/text.h"
#include "nn/arrays.h"

namespace sslact
{
namespace
{

constexpr const char *format_version = "1";

void add_prefixed(NamedArrays *all, const std::string &prefix, const NamedArrays &arrays)
{
    for (const auto &[name, array] : arrays) {
        all->emplace_back(prefix + name, array);
    }
}

int64_t read_count(const ArrayFile &file, const char *key)
{
    const std::string found = file.metadata(key);
    int64_t value = 0;
    if (!text_parse_int64(found.data(), found.size(), &value) || value < 0) {
        throw Error(SSLACT_ERROR_FORMAT,
                    file.path() + ": " + key + " \"" + found + "\" is not a count");
    }
    return value;
}

int64_t read_iteration(const ArrayFile &file)
{
    const std::string kind = file.metadata("kind");
    if (kind != "trainer") {
        throw Error(SSLACT_ERROR_MISMATCH,
                    file.path() + ": no checkpoint of a trainer (kind \"" + kind +
                        "\"); give it as model.weights to start from its weights");
    }
    if (file.metadata("format_version") != format_version) {
        throw Error(SSLACT_ERROR_MISMATCH, file.path() + ": format version \"" +
                                               file.metadata("format_version") + "\", this is \"" +
                                               format_version + "\"");
    }
    return read_count(file, "iteration");
}

} // namespace

// Everything that a step changes, as views of the live tensors, in the order of the file.
NamedArrays Trainer::list_state() const
{
    NamedArrays all;
    add_prefixed(&all, "student.", named_arrays(*student_));
    if (teacher_) {
        add_prefixed(&all, "teacher.", named_arrays(*teacher_));
    }
    add_prefixed(&all, "optimizer.momentum.", student_flat_->view_as_parameters(momentum_));
    if (teacher_) {
        all.emplace_back("optimizer.momentum_thresholds", threshold_momentum_);
        all.emplace_back("ssl.thresholds", method_->thresholds().detach());
    }
    add_prefixed(&all, "ssl.initial.", start_);
    if (monitor_) {
        add_prefixed(&all, "ssl.monitor.", monitor_->list_state());
    }
    return all;
}

// What the rules of method.md section 11 remember.
std::vector<Adaptation::Memory> Trainer::list_memory() const
{
    return adaptation_ ? adaptation_->list_memory() : std::vector<Adaptation::Memory>{};
}

void Trainer::save(const std::string &path) const
{
    NamedArrays all = list_state();
    for (const Adaptation::Memory &memory : list_memory()) {
        all.emplace_back(memory.name, memory.array);
    }
    if (pass_) {
        add_prefixed(&all, "", pass_->list());
    }
    write_arrays(path, all,
                 {{"format", "sslact"},
                  {"kind", "trainer"},
                  {"format_version", format_version},
                  {"iteration", std::to_string(iteration_)},
                  {"planned", std::to_string(planned())},
                  {"round", std::to_string(round_ + 1)},
                  {"class_count", std::to_string(class_count_)},
                  {"config", render_config(settings_.get())}});
}

void Trainer::load(const std::string &path)
{
    const c10::AutoGradMode no_gradient(false);
    const ArrayFile file(path);
    const int64_t iteration = read_iteration(file);
    const int64_t round = file.metadata("round").empty() ? 1 : read_count(file, "round");
    const std::string classes = file.metadata("class_count");
    if (classes != std::to_string(class_count_)) {
        throw Error(SSLACT_ERROR_MISMATCH, "checkpoint \"" + file.path() + "\" has " + classes +
                                               " classes, this trainer has " +
                                               std::to_string(class_count_));
    }
    if (iteration > planned()) {
        throw Error(SSLACT_ERROR_MISMATCH, file.path() + ": stands at iteration " +
                                               std::to_string(iteration) +
                                               ", solver.iterations is " +
                                               std::to_string(options_.schedule.iterations) +
                                               (rounds() > 1 ? " in each round" : ""));
    }
    if (round < 1 || round > rounds()) {
        throw Error(SSLACT_ERROR_MISMATCH, file.path() + ": stands in round " +
                                               std::to_string(round) + ", ssl.rounds is " +
                                               std::to_string(rounds()));
    }
    if (file.has_prefix("teacher.") != has_teacher()) {
        throw Error(SSLACT_ERROR_MISMATCH,
                    file.path() + (has_teacher() ? ": has no teacher, this trainer has one" :
                                                   ": has a teacher, this trainer has none"));
    }
    // Everything is read before anything is changed.
    NamedArrays state = list_state();
    std::vector<at::Tensor> loaded;
    const bool watched = file.has_prefix("ssl.monitor."); // a file of earlier versions is not
    for (const auto &[name, array] : state) {
        const bool missing = !watched && name.rfind("ssl.monitor.", 0) == 0;
        loaded.push_back(missing ? at::zeros_like(array) : file.read_like(name, array));
    }
    std::vector<at::Tensor> remembered;
    for (const Adaptation::Memory &memory : list_memory()) {
        remembered.push_back(memory.grows ? file.read_rows_like(memory.name, memory.array)
                                          : file.read_like(memory.name, memory.array));
    }
    std::optional<BaselinePass> counted;
    if (pass_) {
        counted = pass_->read(file);
    }
    if (adaptation_) {
        adaptation_->restore(remembered); // refuses what does not fit before it changes anything
    }
    if (counted) {
        take_pass(*counted);
        state = list_state(); // the method and what moves it are new ones
        if (adaptation_) {
            adaptation_->restore(remembered);
        }
    }
    for (size_t i = 0; i < state.size(); ++i) {
        state[i].second.copy_(loaded[i]);
    }
    if (teacher_) {
        teacher_->weights_changed();
    }
    iteration_ = iteration;
    round_ = round - 1;
    loader_.reset();
    pending_.reset();
}

} // namespace sslact
