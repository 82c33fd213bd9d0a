/**
 * Word classes and rules of the injection detector, written for this project (2026-11-21). Words are lower case; an
 * entry with `*` is a beginning (four letters at least), one with spaces or of a script without spaces is a phrase.
 * Words are folded like the texts are, so accents and look-alikes need no second entry.
 */
export const wordClasses: Readonly<Record<string, readonly string[]>> = {
  override: [
    ...['ignor*', 'disregard*', 'forget', 'forgets', 'forgetting', 'forgot', 'bypass*', 'overrid*', 'neglect*'],
    ...['discard*', 'dismiss*', 'abandon*', 'overlook*', 'nullif*', 'circumvent*', 'supersed*', 'overrul*', 'void'],
    ...['disobey*', 'nevermind', 'never mind', 'pay no attention', 'do not follow', "don't follow", 'stop following'],
    ...['do not obey', 'no longer follow', 'set aside', 'throw away', 'break free', 'cancel', 'erase', 'drop'],
    ...['ignora', 'ignore todas', 'ignorar', 'ignoren', 'olvida*', 'omite', 'omitir', 'haz caso omiso', 'descarta*'],
    ...['ignorez', 'oublie*', 'oubliez', 'ne tiens pas compte', 'ne tenez pas compte', 'faites abstraction'],
    ...['ignorier*', 'vergiss', 'vergessen', 'missacht*', 'missacht*', 'ubergeh*', 'beachte nicht', 'umgeh*'],
    ...['dimentica*', 'ignorate', 'trascura*', 'esqueca*', 'desconsider*', 'desconsidere', 'negeer', 'vergeet'],
    ...['игнориру*', 'проигнориру*', 'забудь*', 'забуд*', 'пренебре*', 'не обращай внимания', 'отбрось*', 'обойд*'],
    ...['ігнору*', 'проігнору*', 'zignoruj*', 'ignoruj*', 'zapomnij*', 'pomin', 'pomijaj*', 'yoksay*', 'gormezden'],
    ...['goz ardi', 'unut', 'unutun', 'dikkate alma', 'abaikan', 'lupakan', 'mengabaikan', 'bo qua', 'quen di'],
    ...['hay quen', 'phot lo', 'dung tuan theo', 'huwag pansinin', 'balewalain', 'kalimutan', 'ipagwalang bahala'],
    ...['अनदेखा', 'अनदेखी', 'नजरअंदाज', 'नज़रअंदाज़', 'नजरंदाज', 'भूल', 'भूलकर', 'उपेक्षा', 'দয়া করে উপেক্ষা'],
    ...['উপেক্ষা', 'ভুলে', 'অগ্রাহ্য', 'এড়িয়ে', 'تجاهل', 'تجاهلي', 'تجاهلوا', 'انس', 'انسى', 'تجاوز', 'نادیده', 'فراموش'],
    ...['התעלם', 'התעלמי', 'שכח', '忽略', '无视', '無視', '忘记', '忘掉', '忘れ', '绕过', '不要理会', '不理会', '스킵'],
    ...['무시', '무시해', '무시하고', '무시하라', '무시하세요', '무시하십시오', '잊어', '잊고', '잊어버려', 'ละเว้น', 'เพิกเฉย', 'ไม่ต้องสนใจ', 'ไม่สนใจ', 'ลืม', 'αγνοησ*', 'αγνοηστε', 'ξεχασ*'],
    ...['ignoreaza', 'uita', 'zapomen*', 'strunta', 'glom', 'hylkaa', 'unohda', 'sivuuta'],
  ],
  prior: [
    ...['previous', 'previously', 'prior', 'above', 'preceding', 'earlier', 'foregoing', 'aforementioned', 'past'],
    ...['former', 'existing', 'original', 'initial', 'before', 'all', 'any', 'every', 'your', 'other', 'current'],
    ...['anterior*', 'previas', 'previos', 'todas', 'todos', 'precedent*', 'toutes', 'tous', 'vorherig*', 'bisherig*'],
    ...['alle', 'obig*', 'precedenti', 'tutte', 'tutti', 'eerdere', 'vorige', 'предыдущ*', 'прежн*', 'всех', 'все'],
    ...['вышеуказ*', 'попередн*', 'poprzedni*', 'wszystkie', 'onceki', 'tum', 'yukaridaki', 'sebelumnya', 'semua'],
    ...['truoc do', 'truoc day', 'tat ca', 'nakaraan*', 'lahat', 'naunang', 'पिछले', 'पिछली', 'पूर्व', 'पहले', 'सभी'],
    ...['उपरोक्त', 'পূর্ববর্তী', 'আগের', 'সমস্ত', 'সব', 'السابقة', 'السابق', 'جميع', 'كل', 'قبلی', 'תמימה', 'הקודמות', '之前'],
    ...['以前', '先前', '前面', '上述', '所有', 'これまで', 'すべて', '以上', '이전', '모든', '앞의', 'ก่อนหน้า', 'ทั้งหมด', 'προηγουμεν*'],
    ...['predchozi*', 'tidigare', 'tidligere', 'aiemmat', 'anterioare'],
  ],
  instruction: [
    ...['instruction', 'instructions', 'instruct', 'prompt', 'prompts', 'rule', 'rules', 'guideline', 'guidelines'],
    ...['directive', 'directives', 'command', 'commands', 'order', 'orders', 'context', 'programming', 'constraints'],
    ...['training', 'policies', 'restrictions', 'restriction', 'filters', 'safeguards', 'limitations', 'told'],
    ...['conversation', 'iunstructions', 'instrucctions', 'intructions', 'instructiones', 'protocols', 'guardrails'],
    ...['instruccion*', 'indicacion*', 'reglas', 'ordenes', 'instructions', 'consignes', 'regles', 'directives'],
    ...['anweisung*', 'instruktion*', 'befehl*', 'regeln', 'vorgaben', 'richtlinien', 'istruzion*', 'regole'],
    ...['instruco*', 'instrucoes', 'regras', 'comandos', 'diretrizes', 'instructies', 'regels', 'инструкци*', 'указани*'],
    ...['правил*', 'команд*', 'інструкці*', 'вказівк*', 'instrukcj*', 'polecen*', 'zasad*', 'talimat*', 'kurallar*'],
    ...['komut*', 'yonerge*', 'instruksi', 'perintah', 'petunjuk', 'aturan', 'huong dan', 'chi dan', 'chi thi', 'quy tac'],
    ...['tagubilin', 'mga utos', 'panuto', 'patakaran', 'निर्देश*', 'निर्देशों', 'आदेश*', 'नियम*', 'নির্দেশ*', 'নিয়ম*', 'تعليمات'],
    ...['التعليمات', 'تعليماتك', 'الأوامر', 'القواعد', 'دستورات', 'دستورالعمل*', 'ההוראות', 'הוראות', '指令', '指示', '说明', '规则'],
    ...['規則', '提示', 'ルール', 'プロンプト', '命令', '지시', '지시를', '지시는', '지시사항을', '지침', '지침을', '명령', '명령을', '규칙', '규칙을', 'คำสั่ง', 'คำแนะนำ', 'กฎ', 'οδηγι*', 'εντολ*'],
    ...['pokyn*', 'instruktioner', 'regler', 'ohjeet', 'instructiunile'],
  ],
  reveal: [
    ...['reveal*', 'show', 'print', 'repeat', 'output', 'display', 'disclose', 'leak', 'expose', 'dump', 'recite'],
    ...['paste', 'echo', 'regurgitate', 'divulge', 'spell', 'summarize', 'summarise', 'translate', 'rephrase', 'quote'],
    ...['tell me', 'give me', 'write out', 'write down', 'type out', 'what is your', 'what are your', 'what were your'],
    ...['what was the', 'start your answer with', 'share', 'copy', 'list', 'provide', 'encode', 'return your'],
    ...['revela*', 'muestra*', 'mostra*', 'repite', 'imprime*', 'montre*', 'affiche*', 'revele*', 'repete*', 'zeige*'],
    ...['verrate*', 'wiederhol*', 'offenbar*', 'mostrami', 'rivela*', 'ripeti', 'toon', 'onthul*', 'покажи*', 'раскро*'],
    ...['повтори*', 'выведи*', 'pokaz', 'ujawnij', 'goster*', 'acikla*', 'tampilkan', 'ungkapkan', 'tunjukkan'],
    ...['tiet lo', 'hien thi', 'cho toi biet', 'ipakita', 'ibunyag', 'दिखाओ', 'दिखाएं', 'बताओ', 'बताएं', 'बताइए', 'প্রকাশ', 'দেখাও'],
    ...['বলুন', 'اكشف', 'اعرض', 'أظهر', 'اطبع', 'كرر', 'نشان', 'حשוף', 'הצג', '显示', '透露', '告诉我', '输出', '重复', '教えて'],
    ...['表示', '出力', '明かし', '알려줘', '알려주세요', '보여줘', '보여주세요', '공개해', '출력해', '출력하세요', 'เปิดเผย', 'แสดง', 'บอก', 'αποκαλυψ*', 'δειξ*'],
  ],
  system: [
    ...['system', 'initial', 'hidden', 'original', 'developer', 'starting', 'base', 'preprompt', 'internal', 'secret'],
    ...['sistema', 'systeme', 'systemprompt', 'систем*', 'sistem', 'sistemang', 'he thong', 'सिस्टम', 'সিস্টেম', 'النظام', 'سیستم'],
    ...['המערכת', '系统', '系統', 'システム', '시스템', 'ระบบ', 'συστημ*', 'confidential'],
  ],
  prompt: ['prompt', 'prompts', 'preprompt', 'instructions', 'instruction', 'message', 'directives', 'configuration', 'guidelines'],
  secret: [
    ...['password', 'passwords', 'passphrase', 'passcode', 'secret', 'secrets', 'access code', 'secret key', 'api key'],
    ...['api keys', 'credentials', 'secret code', 'codeword', 'security code', 'contrasena', 'mot de passe', 'passwort'],
    ...['kennwort', 'senha', 'пароль', 'пароля', 'sifre*', 'kata sandi', 'mat khau', 'पासवर्ड', 'পাসওয়ার্ড', 'كلمة المرور', '密码'],
    ...['パスワード', '비밀번호', '비밀번호를', '암호를', 'รหัสผ่าน', 'haslo', 'wachtwoord', 'κωδικ*'],
  ],
  assistant: [
    ...['chatgpt', 'gpt', 'gpt-4', 'openai', 'claude', 'anthropic', 'gemini', 'bard', 'llm', 'chatbot', 'assistant'],
    ...['language model', 'ai', 'copilot', 'llama', 'dan', 'mistral', 'ai model', 'an ai', 'the ai', 'virtual assistant'],
    ...['asistente', 'assistente', 'assistent', 'ассистент', 'asisten', 'tro ly', 'सहायक', 'সহকারী', 'المساعد', '助手', 'アシスタント'],
    ...['어시스턴트', 'ผู้ช่วย', 'yapay zeka'],
  ],
  pretend: [
    ...['pretend*', 'roleplay*', 'role-play', 'role play', 'act as', 'acting as', 'simulate', 'simulating', 'imagine'],
    ...['impersonate*', 'you are now', 'you will now', 'you are going to act', 'behave as', 'immerse yourself', 'become'],
    ...['persona', 'stay in character', 'in character', 'take on the role', 'play the role', 'from now on you'],
    ...['actua como', 'finge', 'agis comme', 'fais semblant', 'tu es maintenant', 'du bist jetzt', 'du bist nun', 'tu so als'],
    ...['fingi', 'finja', 'agora voce', 'ora sei', 'ты теперь', 'притвор*', 'представь*', 'artik sen', 'gibi davran', 'berpura'],
    ...['gia vo', 'ban bay gio', 'magpanggap', 'isipin', 'नाटक', 'कल्पना', 'ভান', 'কল্পনা', 'تظاهر', 'أنت الآن', 'تخيل', '假装', '扮演'],
    ...['你现在是', 'ふり', 'なりきって', '척하', '척 하', '가정해', 'แกล้ง', 'สมมติ'],
  ],
  unbound: [
    ...['unrestricted', 'unfiltered', 'uncensored', 'jailbreak*', 'jailbroken', 'unlimited', 'amoral', 'unethical'],
    ...['immoral', 'illegal', 'no restrictions', 'without restrictions', 'no limitations', 'no filters', 'no rules'],
    ...['without limitations', 'no ethical', 'do anything now', 'anything now', 'no boundaries', 'without any restrictions'],
    ...['without filters', 'without censorship', 'no censorship', 'free from', 'not bound', 'no longer bound', 'no limits'],
    ...['sin restricciones', 'sin filtros', 'sans restriction', 'sans filtre', 'ohne einschrankungen', 'senza restrizioni'],
    ...['sem restricoes', 'без ограничений', 'kisitlama olmadan', 'sinirsiz', 'tanpa batasan', 'khong gioi han', 'बिना किसी प्रतिबंध'],
    ...['بدون قيود', '没有限制', '不受限制', '制限なし', '제한 없이', 'ไม่มีข้อจำกัด', 'break the rules', 'broken free', 'evil'],
  ],
  mode: ['mode', 'modus', 'modo', 'mod', 'режим', 'режиме', 'モード', '模式', '모드', 'มोड', 'मोड', 'وضع', 'โหมด', 'chedo'],
  privileged: [
    ...['developer', 'dev', 'debug', 'god', 'admin', 'administrator', 'sudo', 'root', 'maintenance', 'jailbreak', 'dan'],
    ...['unrestricted', 'diagnostic', 'override', 'superuser', 'opposite', 'evil', 'entwickler*', 'desarrollador', 'desenvolvedor'],
    ...['разработчик*', 'gelistirici', 'pengembang', 'डेवलपर', '开发者', '開発者', '개발자', 'المطور', 'นักพัฒนา'],
  ],
  you: ['you', 'your', 'yourself', 'u', 'you are', "you're", 'ye'],
  must: ['must', 'shall', 'have to', 'required', 'obliged', 'always', 'will', 'need to', 'should'],
  never: ['never', 'cannot', "can't", 'not', 'no', "don't", 'dont', 'without', 'none'],
  refuse: ['refuse*', 'refusal*', 'decline', 'reject', 'apologize', 'apologise', 'sorry', 'warning', 'warnings', 'disclaimer*', 'moral', 'morals', 'ethical', 'ethics', 'unethical', 'openai', 'content policy', 'guidelines', 'disclamers', 'moralize', 'lecture', 'comply'],
  now: ['instead', 'now', 'new', 'from now on', 'henceforth', 'following', 'next', 'only', 'rather', 'a partir de ahora', 'ab jetzt', 'desormais', 'отныне', '从现在开始', '今から', '지금부터', 'mulai sekarang', 'tu gio', 'अब से', 'من الآن'],
  answer: ['answer', 'answers', 'respond', 'responds', 'response', 'responses', 'reply', 'replies', 'responding', 'answering'],
  silently: [
    ...['without telling', 'without asking', 'do not tell', "don't tell", 'do not mention', "don't mention", 'secretly'],
    ...['without informing', 'do not inform', "don't inform", 'silently', 'do not reveal', 'without notifying', 'keep this hidden'],
    ...['do not notify', 'not alert', 'do not disclose', 'without mentioning', 'do not ask', 'without confirmation'],
  ],
  user: ['user', 'users', 'human', 'customer', 'anyone', 'operator', 'person'],
  send: [
    ...['send', 'email', 'forward', 'upload', 'transfer', 'exfiltrate*', 'transmit', 'post', 'curl', 'deliver', 'submit'],
    ...['wget', 'leak', 'append', 'embed'],
  ],
  loot: [
    ...['conversation', 'chat history', 'history', 'credentials', 'api key', 'api keys', 'tokens', 'secrets', 'passwords'],
    ...['environment variables', 'env vars', 'ssh key', 'ssh keys', 'private key', 'private keys', '.env', 'id_rsa', 'contacts'],
    ...['emails', 'files', 'money', 'funds', 'transaction', 'password', 'system prompt', 'source code'],
  ],
  alarm: ['important', 'attention', 'urgent', 'critical', 'notice', 'alert', 'wichtig', 'importante', 'важно', 'penting', 'onemli', '重要'],
  task: ['task', 'request', 'query', 'question', 'job', 'assignment', 'tasks', 'action'],
  first: ['first', 'before', 'prior to', 'immediately', 'beforehand'],
  authority: [
    ...['system message', 'message from', 'administrator', 'openai', 'anthropic', 'note to', 'notice to', 'instructions for'],
    ...['instruction for', 'attention ai', 'dear ai', 'hey ai', 'system override', 'note for', 'instructions to', 'addressed to'],
  ],
  template: ['<|', '|>', '[[', '<<'],
  templateRole: ['im_start', 'im_end', 'im', 'endoftext', 'system', 'start_header_id', 'eot_id', 'sys', 'inst', 'begin_of_text', 'end_of_turn'],
  bracketed: ['###', '[system', '<system>', '</system>', '<information>', '[inst', '[/inst', '<sys', '(system'],
  granted: ['access granted', 'permission granted', 'zugriff gewahrt', 'acceso concedido', 'access-granted'],
  say: ['say', 'print', 'output', 'reply', 'respond', 'write', 'answer', 'return', 'type', 'state', 'sage', 'di', 'dis'],
  begin: ['beginning', 'verbatim', 'word for word', 'start of this conversation', 'above this', 'everything above', 'text above', 'words above', 'from the start', 'sentence above', 'conversation so far', 'exactly as'],
  character: ['character', 'persona', 'dan', 'alter ego', 'role', 'roleplay'],
}

/** A rule: all its classes within so many tokens, in the order given where `ordered`. */
export interface RuleData {
  readonly id: string
  readonly classes: readonly string[]
  readonly within: number
  readonly ordered?: boolean
  /** Added to the model's margin for a user's text and, as `tool`, for a tool's answer. About 3 is a strong hint. */
  readonly weight: number
  readonly toolWeight?: number
}

export const rules: readonly RuleData[] = [
  { id: 'override-instructions', classes: ['override', 'prior', 'instruction'], within: 9, weight: 4.5 },
  { id: 'override-anything-above', classes: ['override', 'instruction'], within: 5, weight: 1.5 },
  { id: 'override-then-now', classes: ['override', 'instruction', 'now'], within: 16, weight: 1 },
  { id: 'reveal-system-prompt', classes: ['reveal', 'system', 'prompt'], within: 9, weight: 3 },
  { id: 'reveal-your-instructions', classes: ['reveal', 'you', 'prompt'], within: 8, ordered: true, weight: 2 },
  { id: 'reveal-from-the-beginning', classes: ['reveal', 'begin'], within: 10, weight: 2 },
  { id: 'reveal-secret', classes: ['reveal', 'secret'], within: 8, weight: 1.5 },
  { id: 'privileged-mode', classes: ['privileged', 'mode'], within: 2, ordered: true, weight: 1.5 },
  { id: 'privileged-mode-on', classes: ['privileged', 'mode', 'you'], within: 12, weight: 1 },
  { id: 'persona-unbound', classes: ['pretend', 'unbound'], within: 40, weight: 2.5 },
  { id: 'persona-of-assistant', classes: ['pretend', 'assistant'], within: 16, weight: 1.5 },
  { id: 'persona-never-refuses', classes: ['character', 'never', 'refuse'], within: 16, weight: 2 },
  { id: 'assistant-unbound', classes: ['assistant', 'unbound'], within: 24, weight: 2 },
  { id: 'never-refuse', classes: ['never', 'refuse', 'answer'], within: 12, weight: 1 },
  { id: 'hide-from-user', classes: ['silently', 'user'], within: 5, ordered: true, weight: 1.5, toolWeight: 3 },
  { id: 'send-loot', classes: ['send', 'loot', 'silently'], within: 32, weight: 1.5, toolWeight: 2.5 },
  { id: 'alarm-to-assistant', classes: ['alarm', 'assistant'], within: 8, ordered: true, weight: 0.8, toolWeight: 2 },
  { id: 'authority-to-assistant', classes: ['authority', 'assistant'], within: 10, weight: 1, toolWeight: 2.5 },
  { id: 'before-your-task', classes: ['first', 'task', 'you', 'must'], within: 20, weight: 0.5, toolWeight: 1.5 },
  { id: 'chat-template', classes: ['template', 'templateRole'], within: 2, ordered: true, weight: 1.5, toolWeight: 2 },
  { id: 'say-granted', classes: ['say', 'granted'], within: 6, weight: 3.5 },
  { id: 'alarm-override', classes: ['alarm', 'override', 'instruction'], within: 14, weight: 1 },
]
