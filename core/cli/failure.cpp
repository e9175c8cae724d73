#include "cli/failure.hpp"

#include "cli/render/text_width.hpp"

#include <nlohmann/json.hpp>

#include <ostream>

namespace rigger::cli {
namespace {

struct Remedy {
    std::string_view reason;
    Text text;
};
constexpr Remedy kRemedies[] = {
    {"UnknownOffer", {"`rigger chutes --all` lists all chutes", "`rigger chutes --all` 列出所有 chute"}},
    {"AmbiguousOffer",
     {"give more of the id; `rigger chutes --all -o name` lists all ids",
      "请给出更长的 ID；`rigger chutes --all -o name` 列出所有 ID"}},
    {"UnknownServer", {"`rigger nodes` lists all servers", "`rigger nodes` 列出所有服务器"}},
    {"AmbiguousServer",
     {"give the whole name; `rigger nodes` lists all servers", "请给出完整名称；`rigger nodes` 列出所有服务器"}},
    {"UnknownDeployment", {"`rigger insts` lists all deployments", "`rigger insts` 列出所有部署"}},
    {"AmbiguousDeployment",
     {"give more of the id; `rigger insts -o name` lists all ids",
      "请给出更长的 ID；`rigger insts -o name` 列出所有 ID"}},
    {"Infeasible", {"`rigger why-not CHUTE` shows where it could run", "`rigger why-not CHUTE` 显示可运行的位置"}},
    {"UnknownCommand", {"`rigger --help` lists all commands", "`rigger --help` 列出所有命令"}},
    {"TokenMissing",
     {"put the token into a file and name it with --token-file, or set RIGGER_TOKEN",
      "将令牌写入文件并用 --token-file 指定，或设置 RIGGER_TOKEN"}},
    {"TokenUnknown",
     {"check the token that --token-file, RIGGER_TOKEN_FILE or RIGGER_TOKEN gives",
      "请检查 --token-file、RIGGER_TOKEN_FILE 或 RIGGER_TOKEN 提供的令牌"}},
    {"RoleTooLow", {"use a token with the role operate", "请使用 operate 角色的令牌"}},
    {"BreakerOpen",
     {"`rigger plugins doctor` says which plugin is in trouble; `rigger plugins reset NAME` tries it again at once",
      "`rigger plugins doctor` 指出有问题的插件；`rigger plugins reset NAME` 立即重试"}},
};

} // namespace

std::string remedy(const Error &error, Language language) {
    if (error.message.find("`rigger ") != std::string::npos) return {}; // it says so itself
    for (const Remedy &known : kRemedies)
        if (error.reason == known.reason) return std::string(known.text.in(language));
    if (error.retry_after_ms > 0) {
        const std::string seconds = std::to_string((error.retry_after_ms + 999) / 1000);
        return std::string(Text{"try again in ", "请在 "}.in(language)) + seconds +
               std::string(Text{" s", " 秒后重试"}.in(language));
    }
    return {};
}

int report(Io &io, const Error &error, Format format, Language language) {
    const Exit code = exit_code(error);
    const std::string advice = remedy(error, language);
    if (format == Format::json) {
        nlohmann::ordered_json body{{"code", code_name(error.code)},
                                    {"reason", error.reason},
                                    {"message", error.message},
                                    {"retryAfterMs", error.retry_after_ms}};
        if (!advice.empty()) body["remedy"] = advice;
        io.err << nlohmann::ordered_json{{"error", body}}.dump(2, ' ', false,
                                                               nlohmann::ordered_json::error_handler_t::replace)
               << '\n';
        return code;
    }
    io.err << "rigger: " << printable(error.message) << '\n';
    if (!advice.empty()) io.err << "  " << advice << '\n';
    return code;
}

} // namespace rigger::cli
