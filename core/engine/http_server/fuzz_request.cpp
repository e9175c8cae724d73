// libFuzzer: from the bytes of a request to a command's arguments. First line: the target; the rest: the body.
#include "engine/http_server/arguments.hpp"
#include "engine/http_server/chunked_body.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdlib>
#include <cstring>

using namespace rigger::http_server;

namespace {
/// The bytes as a chunked body, in pieces of at most three.
void read_as_chunks(std::string_view text) {
    constexpr size_t limit = 64;
    const auto body = read_chunked_body(
        [&](char *to, size_t at_most) {
            const size_t n = std::min({at_most, text.size(), size_t{3}});
            std::memcpy(to, text.data(), n);
            text.remove_prefix(n);
            return n;
        },
        limit);
    if (body.ok() && body->size() > limit) std::abort();
}
} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const std::string_view text(reinterpret_cast<const char *>(data), size);
    read_as_chunks(text);
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
