// Kubeconfigs: what is read, and what is refused with which words.
#include "kube/access.hpp"

#include <gtest/gtest.h>

namespace kube {
namespace {

std::string config(const std::string &cluster, const std::string &user) {
    return "apiVersion: v1\nkind: Config\ncurrent-context: one\ncontexts: [{name: one, context: {cluster: c, user: u, "
           "namespace: work}}]\n"
           "clusters: [{name: c, cluster: {" +
           cluster + "}}]\nusers: [{name: u, user: {" + user + "}}]\n";
}
std::string why(const std::string &text) {
    const auto read = read_kubeconfig(text, "/dir");
    if (!read.ok()) return read.error().message;
    return read->at(0).second.ok() ? std::string() : read->at(0).second.error().message;
}

TEST(Kubeconfig, AContextIsResolved) {
    const auto read = read_kubeconfig(
        config("server: 'https://[::1]:6443/base/', certificate-authority-data: aGVsbG8=, tls-server-name: api",
               "token: secret"),
        "/dir");
    ASSERT_TRUE(read.ok()) << read.error().message;
    const Access &a = *read->at(0).second;
    EXPECT_EQ(a.host, "::1");
    EXPECT_EQ(a.port, 6443);
    EXPECT_EQ(a.base_path, "/base");
    EXPECT_EQ(a.ca.text, "hello");
    EXPECT_EQ(a.tls_server_name, "api");
    EXPECT_EQ(a.token.text, "secret");
    EXPECT_EQ(a.default_namespace, "work");
    EXPECT_EQ(a.server(), "https://[::1]:6443/base");
}
TEST(Kubeconfig, RelativeFilesAreBesideIt_AndATokenFileBeatsAToken) {
    auto read = read_kubeconfig(config("server: 'https://h', certificate-authority: ca.pem",
                                       "client-certificate: a.crt, client-key: /k, token: x, tokenFile: t"),
                                "/dir");
    ASSERT_TRUE(read.ok());
    const Access &a = *read->at(0).second;
    EXPECT_EQ(a.ca.file, "/dir/ca.pem");
    EXPECT_EQ(a.certificate.file, "/dir/a.crt");
    EXPECT_EQ(a.key.file, "/k");
    EXPECT_EQ(a.token.file, "/dir/t");
    EXPECT_EQ(a.token.text, "");
}
TEST(Kubeconfig, WhatIsNotSupported_IsRefusedByName) {
    EXPECT_NE(why(config("server: 'https://h', insecure-skip-tls-verify: true", "token: x"))
                  .find("insecure-skip-tls-verify is not supported"),
              std::string::npos);
    EXPECT_NE(why(config("server: 'https://h', proxy-url: 'http://p'", "token: x")).find("proxy-url is not supported"),
              std::string::npos);
    EXPECT_NE(why(config("server: 'http://h'", "token: x")).find("https://"), std::string::npos);
    EXPECT_NE(why(config("server: 'https://h'", "username: a, password: b")).find("passwords"), std::string::npos);
    EXPECT_NE(why(config("server: 'https://h'", "auth-provider: {name: gcp}")).find("auth-provider"),
              std::string::npos);
    EXPECT_NE(why(config("server: 'https://h'", "client-certificate: a")).find("belong together"), std::string::npos);
    EXPECT_NE(why(config("server: 'https://h'",
                         "exec: {apiVersion: client.authentication.k8s.io/v1, command: x, interactiveMode: Always}"))
                  .find("interactiveMode"),
              std::string::npos);
}
TEST(Kubeconfig, NonsenseIsRefused_WithoutQuotingIt) {
    for (const char *text : {"", "[]", "a: b", "contexts: [{name: x}]", "contexts: [{}]", "{unclosed", "contexts: 3",
                             "token: 'hush\n  bad: [", "contexts: [{name: a, context: 3}]"}) {
        const std::string message = why(text);
        EXPECT_FALSE(message.empty()) << text;
        EXPECT_EQ(message.find("hush"), std::string::npos);
    }
}
TEST(Kubeconfig, AContextThatCannotBeUsed_LeavesTheOthersUsable) {
    const auto read = read_kubeconfig("contexts: [{name: bad, context: {cluster: c, user: nobody}}, "
                                      "{name: good, context: {cluster: c, user: u}}]\n"
                                      "clusters: [{name: c, cluster: {server: 'https://h'}}]\n"
                                      "users: [{name: u, user: {token: x}}]\n",
                                      "/dir");
    ASSERT_TRUE(read.ok()) << read.error().message;
    ASSERT_EQ(read->size(), 2U);
    EXPECT_FALSE(read->at(0).second.ok());
    ASSERT_TRUE(read->at(1).second.ok());
    EXPECT_EQ(read->at(1).second->host, "h");
}
TEST(Kubeconfig, TheCurrentContextIsUsed_OrTheOnlyOne) {
    auto read = current_context(config("server: 'https://h'", "token: x"), "/dir");
    ASSERT_TRUE(read.ok());
    EXPECT_EQ(read->context, "one");
    EXPECT_FALSE(current_context("contexts: [{name: a}, {name: b}]", "/").ok());
}
} // namespace
} // namespace kube
