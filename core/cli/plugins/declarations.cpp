#include "cli/plugins/declarations.hpp"

#include "cli/command_line.hpp"

namespace rigger::cli {
namespace {

struct OptionText {
    const char *key, *short_name, *metavar;
    ValueType type;
    int position; ///< -1: none
    bool required;
    Text description;
};
struct ColumnText {
    const char *key;
    Text title;
    ColumnType type;
    bool wide, elide;
    int priority;
};
struct CommandText {
    const char *name, *effect;
    Text summary, description;
    std::vector<OptionText> options;
    ResultKind kind;
    std::vector<ColumnText> columns;
    std::vector<const char *> examples;
};

const std::map<std::string, Tone, std::less<>> kStates{
    {"running", Tone::good},    {"ok", Tone::good},       {"degraded", Tone::warn},
    {"available", Tone::plain}, {"enabled", Tone::plain}, {"warning", Tone::warn},
    {"refused", Tone::bad},     {"failed", Tone::bad},    {"quarantined", Tone::bad}};

/// What the members of the records are called.
constexpr std::pair<const char *, Text> kMembers[] = {{"name", {"name", "名称"}},
                                                      {"id", {"id", "插件"}},
                                                      {"plugin", {"plugin", "插件"}},
                                                      {"version", {"version", "版本"}},
                                                      {"title", {"title", "标题"}},
                                                      {"vendor", {"vendor", "供应方"}},
                                                      {"license", {"license", "许可证"}},
                                                      {"abi", {"abi", "ABI"}},
                                                      {"component", {"component", "组件"}},
                                                      {"components", {"components", "组件"}},
                                                      {"kind", {"kind", "种类"}},
                                                      {"kinds", {"kinds", "种类"}},
                                                      {"libraries", {"libraries", "库文件"}},
                                                      {"library", {"library", "库文件"}},
                                                      {"arch", {"arch", "架构"}},
                                                      {"file", {"file", "文件"}},
                                                      {"blake2b", {"blake2b", "BLAKE2b"}},
                                                      {"grants", {"grants", "权限"}},
                                                      {"services", {"services", "服务"}},
                                                      {"http", {"http", "HTTP"}},
                                                      {"secrets", {"secrets", "机密"}},
                                                      {"veto", {"veto", "否决"}},
                                                      {"requires", {"requires", "依赖"}},
                                                      {"conflicts", {"conflicts", "冲突"}},
                                                      {"after", {"after", "晚于"}},
                                                      {"directory", {"directory", "目录"}},
                                                      {"check", {"check", "检查"}},
                                                      {"digest", {"digest", "摘要"}},
                                                      {"exports", {"exports", "导出符号"}},
                                                      {"needed", {"needed", "所需库"}},
                                                      {"buildId", {"build id", "构建 ID"}},
                                                      {"note", {"note", "标记"}},
                                                      {"textRelocations", {"text relocations", "代码重定位"}},
                                                      {"executableStack", {"executable stack", "可执行栈"}},
                                                      {"staticTls", {"static tls", "静态 TLS"}},
                                                      {"installed", {"installed", "已安装"}},
                                                      {"replaced", {"replaced", "被替换的版本"}},
                                                      {"next", {"next", "下一步"}},
                                                      {"settings", {"settings", "设置文件"}},
                                                      {"link", {"link", "链接"}},
                                                      {"newSettings", {"new settings", "新建设置"}},
                                                      {"alreadyEnabled", {"already enabled", "先前已启用"}},
                                                      {"removed", {"removed", "已删除"}},
                                                      {"state", {"state", "状态"}},
                                                      {"breaker", {"breaker", "熔断"}},
                                                      {"message", {"message", "消息"}},
                                                      {"enabled", {"enabled", "已启用"}},
                                                      {"weight", {"weight", "权重"}},
                                                      {"onFailure", {"on failure", "失败时"}},
                                                      {"required", {"required", "必需"}},
                                                      {"config", {"config", "配置"}}};

const std::vector<CommandText> &all() {
    using enum ValueType;
    using C = ColumnType;
    const Text what{"id of an installed plugin, its directory, or a library", "已安装插件的 ID、其目录或库文件"};
    static const std::vector<CommandText> commands{
        {"list",
         "read",
         {"List plugins and how they are", "列出插件及其状态"},
         {"Those that the daemon runs or refused, and with --all those that are installed and not enabled. Without a "
          "daemon: what the directories hold.",
          "守护进程运行或拒绝的插件；加 --all 还包括已安装但未启用的插件。没有守护进程时显示目录中的内容。"},
         {{"kind",
           "k",
           "KIND",
           string,
           -1,
           false,
           {"only this kind, such as placement-scorer", "只显示该种类，如 placement-scorer"}},
          {"all", "a", "", boolean, -1, false, {"also those that are not enabled", "包括未启用的插件"}}},
         ResultKind::list,
         {{"name", {"NAME", "名称"}, C::string, false, false, 1},
          {"id", {"PLUGIN", "插件"}, C::string, false, true, 4},
          {"version", {"VERSION", "版本"}, C::string, false, false, 6},
          {"kind", {"KIND", "种类"}, C::string, false, true, 3},
          {"state", {"STATE", "状态"}, C::string, false, false, 2},
          {"since", {"SINCE", "自"}, C::time, false, false, 8},
          {"breaker", {"BREAKER", "熔断"}, C::string, false, false, 7},
          {"lastError", {"LAST-ERROR", "最近错误"}, C::string, false, true, 5},
          {"lastErrorAt", {"LAST-ERROR-AT", "最近错误时间"}, C::time, true, false, 99},
          {"component", {"COMPONENT", "组件"}, C::string, true, false, 100},
          {"weight", {"WEIGHT", "权重"}, C::number, true, false, 101},
          {"calls", {"CALLS", "调用"}, C::integer, true, false, 102},
          {"failures", {"FAILURES", "失败"}, C::integer, true, false, 103},
          {"p99Seconds", {"P99-S", "P99 秒"}, C::number, true, false, 104},
          {"origin", {"ORIGIN", "来源"}, C::string, true, false, 105},
          {"digest", {"DIGEST", "摘要"}, C::string, true, false, 106}},
         {"rigger plugins list", "rigger plugins list --all -o wide"}},
        {"install",
         "write",
         {"Check a plugin and put it among the installed ones; runs none of its code", "检查插件并安装；不运行其代码"},
         {"Takes a plugin's directory (plugin.yaml and the library), or a library alone: then the manifest is made "
          "from what a throw-away child process learns of it. It becomes <plugin directory>/<id>/ in one step. Enable "
          "it afterwards.",
          "接受插件目录（plugin.yaml 和库文件），或单个库文件：此时在一次性子进程中读取信息并生成清单。一步写入 "
          "<插件目录>/<id>/。之后再启用。"},
         {{"from", "", "DIR|FILE", string, 0, true, {"the plugin's directory or library", "插件目录或库文件"}},
          {"dryRun", "", "", boolean, -1, false, {"check it, install nothing", "只检查，不安装"}}},
         ResultKind::record,
         {},
         {"rigger plugins install build/plugins/com.example.mine"}},
        {"enable",
         "write",
         {"Let the daemon load a plugin", "让守护进程加载插件"},
         {"Shows what the plugin is and what it may use, and asks. Its settings are the file "
          "plugins-available/<name>.yaml, which is made when it is missing; plugins-enabled/ gets a link to it; a "
          "running daemon loads it at once.",
          "显示插件的种类和权限并询问。其设置位于 plugins-available/<name>.yaml，缺失时自动创建；plugins-enabled/ "
          "中建立链接；运行中的守护进程立即加载。"},
         {{"id",
           "",
           "ID",
           string,
           0,
           true,
           {"id of an installed plugin, or name of a file in plugins-available",
            "已安装插件的 ID，或 plugins-available 中的文件名"}},
          {"as",
           "",
           "NAME",
           string,
           -1,
           false,
           {"name of the instance (default: last part of the id)", "实例名称（默认取 ID 的最后一段）"}},
          {"component",
           "",
           "ID",
           string,
           -1,
           false,
           {"which component of the plugin (default: its first)", "插件的哪个组件（默认第一个）"}},
          {"order",
           "",
           "NN",
           integer,
           -1,
           false,
           {"start order, 0 to 99 (default 50)", "启动顺序，0 到 99（默认 50）"}},
          {"yes", "y", "", boolean, -1, false, {"do not ask", "不询问"}}},
         ResultKind::record,
         {},
         {"rigger plugins enable com.example.mine", "rigger plugins enable com.example.mine --as mine --yes"}},
        {"disable",
         "write",
         {"Stop a plugin and do not load it again", "停用插件"},
         {"Removes the link in plugins-enabled/; settings and package stay.",
          "删除 plugins-enabled/ 中的链接；设置和插件包保留。"},
         {{"name",
           "",
           "NAME",
           string,
           0,
           true,
           {"name of the instance, as in `rigger plugins list`", "实例名称，见 `rigger plugins list`"}}},
         ResultKind::record,
         {},
         {"rigger plugins disable mine"}},
        {"inspect",
         "read",
         {"Show what a plugin says of itself; runs none of its code", "显示插件的自我描述；不运行其代码"},
         {},
         {{"what", "", "ID|DIR|FILE", string, 0, true, what}},
         ResultKind::record,
         {},
         {"rigger plugins inspect com.example.mine"}},
        {"verify",
         "read",
         {"Check digests, permissions and libraries; exit code 0 or 1, for cron",
          "检查摘要、权限和库文件；退出码 0 或 1，适用于 cron"},
         {},
         {{"what",
           "",
           "ID|DIR",
           string,
           0,
           false,
           {"one plugin; default: all installed ones", "单个插件；默认检查全部"}},
          {"all",
           "",
           "",
           boolean,
           -1,
           false,
           {"all installed ones, as without an argument", "检查全部，与不带参数相同"}}},
         ResultKind::list,
         {{"id", {"PLUGIN", "插件"}, C::string, false, false, 1},
          {"version", {"VERSION", "版本"}, C::string, false, false, 4},
          {"state", {"RESULT", "结果"}, C::string, false, false, 2},
          {"message", {"MESSAGE", "消息"}, C::string, false, true, 3},
          {"directory", {"DIRECTORY", "目录"}, C::string, true, false, 100},
          {"digest", {"DIGEST", "摘要"}, C::string, true, false, 101}},
         {"rigger plugins verify"}},
        {"test",
         "read",
         {"Run the conformance kit on a library, each test in a child process",
          "对库文件运行一致性测试，每项测试在子进程中进行"},
         {"What follows `--` is handed to rigger-plugin-check.", "`--` 之后的内容交给 rigger-plugin-check。"},
         {{"file",
           "",
           "DIR|FILE",
           string,
           0,
           true,
           {"the library, or the directory of the plugin", "库文件或插件目录"}},
          {"kit", "", "ARGS", array, 1, false, {"arguments of rigger-plugin-check", "rigger-plugin-check 的参数"}}},
         ResultKind::text,
         {},
         {"rigger plugins test build/plugins/com.example.mine/com.example.mine.so"}},
        {"doctor",
         "read",
         {"Say which plugins are in trouble, why, and what to type next", "指出有问题的插件、原因和下一步命令"},
         {},
         {},
         ResultKind::list,
         {{"name", {"NAME", "名称"}, C::string, false, false, 1},
          {"state", {"STATE", "状态"}, C::string, false, false, 2},
          {"problem", {"PROBLEM", "问题"}, C::string, false, true, 3},
          {"next", {"NEXT", "下一步"}, C::string, false, true, 4}},
         {"rigger plugins doctor"}},
        {"new",
         "write",
         {"Write the project of a new plugin, ready to build against the installed SDK",
          "生成新插件项目，可直接用已安装的 SDK 构建"},
         {},
         {{"id",
           "",
           "ID",
           string,
           0,
           true,
           {"reverse DNS name, such as com.example.mine", "反向域名，如 com.example.mine"}},
          {"kind",
           "k",
           "KIND",
           string,
           -1,
           true,
           {"placement-scorer, validator-source, cluster-backend, reconciler or command-frontend",
            "placement-scorer、validator-source、cluster-backend、reconciler 或 command-frontend"}},
          {"dir",
           "d",
           "DIR",
           string,
           -1,
           false,
           {"where to write it (default: the last part of the id)", "输出目录（默认取 ID 的最后一段）"}}},
         ResultKind::record,
         {},
         {"rigger plugins new --kind placement-scorer com.example.mine"}},
        {"reset",
         "write",
         {"Close a plugin's breaker and lift its quarantine", "重置插件的熔断器并解除隔离"},
         {},
         {{"name", "", "NAME", string, 0, true, {"name of the instance", "实例名称"}}},
         ResultKind::record,
         {},
         {"rigger plugins reset mine"}},
        {"config",
         "read",
         {"Show the settings of a plugin", "显示插件的设置"},
         {},
         {{"name", "", "NAME", string, 0, true, {"name of the instance", "实例名称"}},
          {"verb", "", "show", string, 1, false, {"show (the default)", "show（默认）"}}},
         ResultKind::record,
         {},
         {"rigger plugins config mine show"}},
    };
    return commands;
}

} // namespace

std::vector<CommandDeclaration> plugin_commands(Language language) {
    std::vector<CommandDeclaration> out;
    for (const CommandText &text : all()) {
        CommandDeclaration command;
        command.name = text.name;
        command.group = "plugins";
        command.effect = text.effect;
        command.summary = text.summary.in(language);
        command.description = text.description.in(language);
        for (const char *example : text.examples) command.examples.emplace_back(example);
        for (const OptionText &option : text.options) {
            OptionDeclaration declared = own_option(option.key, option.type, option.description.in(language));
            declared.short_name = option.short_name;
            declared.metavar = option.metavar;
            declared.required = option.required;
            if (option.position >= 0) declared.position = option.position;
            if (declared.key == "name") declared.complete = "plugins";
            command.options.push_back(std::move(declared));
        }
        command.result.kind = text.kind;
        if (text.kind == ResultKind::record)
            for (const auto &[key, title] : kMembers) {
                command.result.columns.emplace_back().key = key;
                command.result.columns.back().title = title.in(language);
            }
        for (const ColumnText &column : text.columns) {
            ColumnDeclaration declared;
            declared.key = column.key;
            declared.title = column.title.in(language);
            declared.type = column.type;
            declared.wide = column.wide;
            declared.elide = column.elide;
            declared.priority = column.priority;
            declared.right = column.type == ColumnType::integer || column.type == ColumnType::number;
            if (declared.key == "state") declared.tones = kStates;
            command.result.columns.push_back(std::move(declared));
        }
        out.push_back(std::move(command));
    }
    return out;
}

} // namespace rigger::cli
