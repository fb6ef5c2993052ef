// node/http_crowd.h
// The connections of one thread of the HTTP provider in the order in which they began to wait for a
// request, so that whoever asks for nothing makes room for whoever asks. Decides, without I/O.
// Threads: one.
#pragma once

#include <list>

namespace phase::node {

class HttpCrowd {
 public:
  class Member {
   public:
    virtual ~Member() = default;
    /// Ends the connection: others need its place. May leave the crowd.
    virtual void make_room() = 0;

   private:
    friend class HttpCrowd;
    std::list<Member*>* list_ = nullptr;
    std::list<Member*>::iterator place_;
  };

  /// Waiting, the newest. `member` is borrowed until leave().
  void join(Member& member);
  void leave(Member& member);
  /// No request is being answered from now on. Nothing where that was so.
  void waits(Member& member) { move(member, waiting_); }
  /// A request is being answered.
  void works(Member& member) { move(member, working_); }

  /// Calls the one that has waited longest; false where none waits.
  bool make_room();

 private:
  static void move(Member& member, std::list<Member*>& to);
  std::list<Member*> waiting_;  // The longest first.
  std::list<Member*> working_;
};

}  // namespace phase::node
