// libFuzzer: from the bytes of a request to a command's arguments. First line: the target; the rest: the body.
#include "engine/http_server/arguments.hpp"

#include <nlohmann/json.hpp>

#include <cstdlib>

using namespace rigger::http_server;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const std::string_view text(reinterpret_cast<const char *>(data), size);
    const size_t line = text.find('\n');
    const auto target = parse_target(text.substr(0, line));
    if (!target.ok()) return 0;
    Command command;
    command.name = "fuzz";
    command.segments = {"v1", "{id}"};
    command.options = {{"id", OptionType::string}, {"n", OptionType::integer}, {"x", OptionType::number},
                       {"b", OptionType::boolean}, {"a", OptionType::array},   {"o", OptionType::other}};
    const auto arguments =
        make_arguments(command, path_parameters(command, target->segments), target->query,
                       line == std::string_view::npos ? std::string_view() : text.substr(line + 1), 32);
    if (arguments.ok() && !nlohmann::json::parse(*arguments).is_object()) std::abort();
    if (!arguments.ok() && (arguments.error().code != rigger::Code::invalid || arguments.error().message.empty()))
        std::abort();
    (void)read_catalogue(std::string(text), "0");
    return 0;
}
