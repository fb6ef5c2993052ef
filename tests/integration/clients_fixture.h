// tests/integration/clients_fixture.h
// Programs of others on hosts of their own, in the network of node_fixture.h. They are told what
// docs/CLIENTS.md tells a person.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "node_fixture.h"

namespace phase::node::test {

class Clients : public Nodes {
 protected:
  static constexpr const char* kProvider = "10.77.2.1";
  /// Where others' programs run.
  static constexpr const char* kClient = "10.77.4.1";

  /// A host for the client, and a published release that nobody serves yet.
  void SetUp() override;
  /// Serves it at kProvider, with further options.
  void serve(const std::vector<std::string>& more = {});
  /// Nobody of ours has the release any more.
  void end_provider();
  /// The folder of the publisher's release, to hold others' copies against.
  [[nodiscard]] std::string release_folder() const;
  [[nodiscard]] const std::string& release_name() const { return release_name_; }
  /// Fails the test where `folder` does not hold every file of the release, byte by byte.
  void expect_release_in(const std::string& folder) const;
  /// A fetch by our own program, from nobody but `host` (an address): every byte came from there.
  void expect_fetched_from(const std::string& host);

  /// Ends once somebody writes to the file `path`, which this makes: how programs of others say
  /// that they are done.
  std::unique_ptr<sim::Process> listen_for_word(const std::string& path);
  /// A program on the host `netns`, left running.
  std::unique_ptr<sim::Process> start(const std::string& netns, std::vector<std::string> argv,
                                      std::vector<std::string> environment = {});
  /// The block of docs/CLIENTS.md that begins with "```<opening>", for kProvider.
  [[nodiscard]] static std::string page(const std::string& opening);
  /// Runs such a block on the client's host, in `folder`.
  Ended run_page(const std::string& opening, const std::string& folder);
  /// `name` in a folder of the client's own.
  [[nodiscard]] std::string own(const std::string& name) const {
    return folder() + "/client/" + name;
  }

 private:
  std::string release_name_;
  std::unique_ptr<sim::Process> provider_;
};

}  // namespace phase::node::test
