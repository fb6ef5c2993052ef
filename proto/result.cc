#include "proto/result.h"

namespace phase {
namespace {

struct Meaning {
  const char* name;
  const char* advice;
};

// No default: the compiler names a code that was forgotten here.
Meaning meaning(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInternal:
      return {"internal", "This is a defect of Phase Boot: report it with the log."};
    case ErrorCode::kUsage:
      return {"usage", "Correct the option or argument that the message names; --help lists all."};
    case ErrorCode::kConfig:
      return {"config",
              "Correct the line of the configuration, trust or key file that the message names."};
    case ErrorCode::kCancelled:
      return {"cancelled", "It was stopped on request; run it again to go on."};
    case ErrorCode::kTimeout:
      return {"timeout", "Give it more time, or look at the last stage reached for what was slow."};
    case ErrorCode::kMalformed:
      return {"malformed",
              "The document is cut off or altered: get it again, from another provider if it "
              "persists."};
    case ErrorCode::kUnsigned:
      return {"unsigned", "Sign it with `plasmd publish`; nothing unsigned is ever booted."};
    case ErrorCode::kBadSignature:
      return {"bad-signature",
              "The bytes are not what the key signed: get them again, from another provider if it "
              "persists."};
    case ErrorCode::kWrongKey:
      return {"wrong-key",
              "Check the trusted key (phase.key, --trust) against what the publisher printed."};
    case ErrorCode::kWrongChannel:
      return {"wrong-channel",
              "Ask for the channel that the release was published on, or publish it on this one."};
    case ErrorCode::kWrongArch:
      return {"wrong-arch",
              "Publish a release for this machine's architecture, or ask for the one that exists."};
    case ErrorCode::kExpired:
      return {"expired",
              "Renew it with `plasmd publish --renew`, or set this machine's clock if that is what "
              "is wrong."};
    case ErrorCode::kRollback:
      return {"rollback",
              "Publish a newer release, or lower the version floor if going back is meant."};
    case ErrorCode::kNotGranted:
      return {"not-granted",
              "Grant a release key for this channel and architecture: `plasmd trust rotate`."};
    case ErrorCode::kMissingRoot:
      return {"missing-root",
              "Get the root documents in between from a provider, or give the machine a newer one."};
    case ErrorCode::kLargerThanSigned:
      return {"larger-than-signed",
              "The file is not the published one: fetch it again, or publish it anew if it was "
              "changed on purpose."};
    case ErrorCode::kSmallerThanSigned:
      return {
          "smaller-than-signed",
          "The file was cut off: fetch it again, or publish it anew if it was changed on purpose."};
    case ErrorCode::kAltered:
      return {"altered",
              "Every provider sent bytes that were not signed: start an honest provider, and look "
              "at those the message names."};
    case ErrorCode::kNoInterface:
      return {
          "no-interface",
          "Check cable and network driver; the initramfs needs the module of this network card."};
    case ErrorCode::kNoDhcp:
      return {"no-dhcp", "Start a DHCP server on this network, or give a fixed address with ip=."};
    case ErrorCode::kNoBootstrap:
      return {"no-bootstrap",
              "Check that UDP leaves this network, and the bootstrap nodes given (phase.bootstrap, "
              "--bootstrap)."};
    case ErrorCode::kNoPointer:
      return {"no-pointer",
              "Check key, channel and architecture, and that a publisher or provider of them is "
              "running."};
    case ErrorCode::kNoProvider:
      return {
          "no-provider",
          "Start a provider of this release: `plasmd serve --follow` with the publisher's key."};
    case ErrorCode::kProvider:
      return {
          "provider",
          "Check the URL that was given and what answers there, or leave it out and use the DHT."};
    case ErrorCode::kNetwork:
      return {"network",
              "Check address, route and firewall between this machine and the one that the message "
              "names."};
    case ErrorCode::kPortInUse:
      return {"port-in-use", "Stop the program that has the port, or choose another port."};
    case ErrorCode::kMemory:
      return {"memory", "Give the machine more memory, or publish a smaller release."};
    case ErrorCode::kKexec:
      return {"kexec",
              "Check that the running kernel allows kexec_file_load of the published kernel "
              "(lockdown, kexec_load_disabled)."};
    case ErrorCode::kStore:
      return {"store", "Check permissions and free space of the path that the message names."};
    case ErrorCode::kNotFound:
      return {"not-found", "Check the name; `plasmd list` shows what this node holds."};
    case ErrorCode::kMissingSignature:
      return {"missing-signature",
              "Have a holder of a key that the message names sign it (`plasmd trust sign`), then try "
              "again."};
    case ErrorCode::kTpm:
      return {"tpm",
              "Publish under a root whose counter is not below this machine's TPM's, or look at the "
              "TPM that the message names."};
    case ErrorCode::kExists:
      return {"exists",
              "Choose another path, or move away what is there; it is never overwritten."};
  }
  return {"unknown", "This code has no meaning."};
}

}  // namespace

const char* error_name(ErrorCode code) {
  return meaning(code).name;
}
const char* error_advice(ErrorCode code) {
  return meaning(code).advice;
}

}  // namespace phase
