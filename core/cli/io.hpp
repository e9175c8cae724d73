// core/cli/io.hpp -- everything that the tool takes from its process: streams, terminal, environment, time. Tests bring
// their own.
#pragma once
#include "cli/render/value.hpp"

#include <chrono>
#include <functional>
#include <iosfwd>
#include <map>
#include <string>

namespace rigger::cli {

struct Io {
    std::ostream &out, &err;
    std::istream &in;
    bool out_is_terminal = false, err_is_terminal = false, in_is_terminal = false;
    std::function<std::pair<size_t, size_t>()>
        terminal_size; ///< columns and rows, 0 when unknown; it may change while watching
    std::map<std::string, std::string> environment;
    TimeView times;
    /// Waits; false: the operator has had enough. Empty: never wait, give up instead.
    std::function<bool(std::chrono::milliseconds)> pause;
    /// Called before output that goes on until somebody ends it: from then on the process ends when nobody reads it.
    /// May be empty.
    std::function<void()> end_with_reader;
    std::function<bool()> reader_gone; ///< nobody reads the output any more; may be empty
    std::string program;               ///< path of this executable, to find its companions

    /// Empty when unset.
    std::string env(const std::string &name) const {
        const auto found = environment.find(name);
        return found == environment.end() ? std::string() : found->second;
    }
};

} // namespace rigger::cli
