/** @jsxImportSource hono/jsx */
// The forms, buttons and links that act. What the viewer may not do is marked with the reason, as is a button that would change nothing; a script
// then does nothing but say it. A form also says it in words, for who cannot see a title.
import { type Child, createContext, type JSX, useContext } from "hono/jsx";
import { useViewer, whyMayNot } from "./viewer.tsx";

/** Why nothing in the form can be sent by the viewer. */
const WholeForm = createContext<string | undefined>(undefined);

type FormProps = Omit<JSX.IntrinsicElements["form"], "method" | "action"> & {
  readonly action: string;
  /** Whether the page says elsewhere why the viewer may not send it. */
  readonly isSaidElsewhere?: boolean;
  readonly children: Child;
};

/** A form that changes something. */
export function PostForm({ action, isSaidElsewhere = false, children, ...more }: FormProps) {
  const why = whyMayNot(useViewer(), "POST", action);
  return (
    <form method="post" action={action} {...more}>
      <WholeForm.Provider value={why}>{children}</WholeForm.Provider>
      {why !== undefined && !isSaidElsewhere && <p class="quiet may-not">{why}</p>}
    </form>
  );
}

type ButtonProps = Omit<JSX.IntrinsicElements["button"], "type"> & {
  /** Why the button would change nothing; undefined if it would change something. */
  readonly off?: string | undefined;
  /** The address of its form, for a button that is sent without its form when it changes. */
  readonly to?: string;
  readonly children: Child;
};

/** A button that sends its {@link PostForm}. It is never `disabled`, because the browser would take the focus from a button that was just pressed. */
export function SubmitButton({ off, to, children, ...more }: ButtonProps) {
  const viewer = useViewer();
  const ofForm = useContext(WholeForm);
  const why = (to === undefined ? ofForm : whyMayNot(viewer, "POST", to)) ?? off;
  return (
    <button type="submit" {...more} {...offAttributes(why)}>
      {children}
    </button>
  );
}

type LinkProps = Omit<JSX.IntrinsicElements["a"], "href"> & {
  readonly href: string;
  /** The address to which the form of that page posts. Without it, the page itself is what not everybody may have. */
  readonly posts?: string;
  readonly children: Child;
};

/** A link to a page that acts. */
export function ActLink({ href, posts, children, ...more }: LinkProps) {
  const viewer = useViewer();
  const why = posts === undefined ? whyMayNot(viewer, "GET", href) : whyMayNot(viewer, "POST", posts);
  return (
    <a href={href} {...more} data-acts {...offAttributes(why)}>
      {children}
    </a>
  );
}

function offAttributes(off: string | undefined) {
  return { "data-off": off, "aria-disabled": off === undefined ? undefined : ("true" as const), title: off };
}
