export function CheckBox({ name, label }: { name: string; label: string }) {
  return (
    <label className="check-box">
      <input type="checkbox" name={name} />
      {label}
    </label>
  );
}
