// Drawings in the text's colour. Each stands beside words or in a control that has a name.

function Icon({ d }: { d: string }) {
  return (
    <svg className="icon" viewBox="0 0 20 20" aria-hidden="true">
      <path d={d} />
    </svg>
  );
}

export const Plus = () => <Icon d="M10 4v12M4 10h12" />;
export const Pencil = () => <Icon d="M12.5 4.5l3 3L7 16l-3.6.6L4 13zM10.8 6.2l3 3" />;
export const Bin = () => <Icon d="M4 6h12M8 6V4h4v2M5.5 6l.7 10h7.6l.7-10M8.4 9v4.5M11.6 9v4.5" />;
export const Cross = () => <Icon d="M5 5l10 10M15 5L5 15" />;

export function Mark() {
  return (
    <svg className="mark" viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" rx="9" />
      <path d="M9 16.5l4.6 4.6L23 11.4" />
    </svg>
  );
}
