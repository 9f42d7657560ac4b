import { useBlocker } from "@tanstack/react-router";
import { Button } from "../../../ui/button.tsx";
import { Modal } from "../../../ui/modal.tsx";

type Props = { isChanged: boolean; isClosing: boolean; onStay: () => void; onLeave: () => void };

const always = () => true;

/** Asks before a change is thrown away: whether it is closed, left for another page, or the browser leaves it. */
export function Leaving({ isChanged, isClosing, onStay, onLeave }: Props) {
  const { proceed, reset } = useBlocker({ shouldBlockFn: always, disabled: !isChanged, withResolver: true });
  const stay = () => {
    reset?.();
    onStay();
  };
  const leave = () => {
    proceed?.();
    onLeave();
  };
  return (
    <Modal
      isOpen={isClosing || proceed !== undefined}
      title="Throw the change away?"
      about="It is not proposed yet, and stands nowhere but on this page."
      onClose={stay}
    >
      <div className="mt-4 flex justify-end gap-2">
        <Button onClick={stay}>Go on changing</Button>
        <Button look="danger" onClick={leave}>
          Throw it away
        </Button>
      </div>
    </Modal>
  );
}
