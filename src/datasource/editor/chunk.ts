/** What the editor's chunk gives: see `PromqlField.tsx` for how it is loaded. */
export { receiveReact } from './hostReact.ts';
export { PromqlEditor } from '../../ui/PromqlEditor.tsx';
