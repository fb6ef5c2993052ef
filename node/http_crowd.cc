#include "node/http_crowd.h"

namespace phase::node {

void HttpCrowd::join(Member& member) {
  member.place_ = waiting_.insert(waiting_.end(), &member);
  member.list_ = &waiting_;
}

void HttpCrowd::leave(Member& member) {
  if (member.list_ == nullptr) return;
  member.list_->erase(member.place_);
  member.list_ = nullptr;
}

void HttpCrowd::move(Member& member, std::list<Member*>& to) {
  if (member.list_ == nullptr || member.list_ == &to) return;
  to.splice(to.end(), *member.list_, member.place_);
  member.list_ = &to;
}

bool HttpCrowd::make_room() {
  if (waiting_.empty()) return false;
  waiting_.front()->make_room();
  return true;
}

}  // namespace phase::node
