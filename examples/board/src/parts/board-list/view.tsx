import { useBoard, useObservable } from "../../app/client";
import { format } from "../../app/route";
import { PostCard } from "../../components/post-card";
import "./style.css";

/** The board: its posts, newest first. */
export function BoardList() {
  const board = useBoard();
  const posts = useObservable(board.posts);
  return (
    <div className="wall">
      {posts.map((p) => (
        <PostCard key={p.id} post={p} href={format({ board: board.id, post: p.id })} />
      ))}
    </div>
  );
}
